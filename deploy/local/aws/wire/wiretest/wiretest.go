// Package wiretest points the real SDK's clients at one embedded service
// without a socket, so that its tests also run in a synctest bubble.
package wiretest

import (
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config returns a configuration whose every request goes to h. Nothing is
// tried twice, so that a test sees each error once.
func Config(h http.Handler) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://embedded.invalid"),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: transport{h}},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

type transport struct{ h http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	t.h.ServeHTTP(w, r)
	return w.Result(), nil
}
