package service

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// PlainBodies returns a client that hides from net/http that a request's body can write itself.
//
// smithy-go 1.28's body does so with an error (io.EOF) where the server has
// answered before all of it was read, and net/http then closes the connection
// under the answer. A ReceiveMessage lost in that way hides its messages for a
// whole visibility.
func PlainBodies(client aws.HTTPClient) aws.HTTPClient { return plainBodies{client} }

type plainBodies struct{ client aws.HTTPClient }

// Do implements aws.HTTPClient.
func (p plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.client.Do(r)
}
