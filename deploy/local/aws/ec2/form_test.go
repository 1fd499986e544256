package ec2_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
)

func TestAFormThatNoClientWritesIsRefusedAndNeverReadAsAWiderQuestion(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	launch(t, c, order("a"))
	for form, code := range map[string]string{
		"Action=DescribeInstances&InstanceId=i-1":                          "InvalidParameterValue",
		"Action=DescribeInstances&InstanceId.7=i-1":                        "InvalidParameterValue",
		"Action=DescribeInstances&InstanceId.1.2=i-1":                      "UnknownParameter",
		"Action=DescribeInstances&InstanceIds.1=i-1":                       "UnknownParameter",
		"Action=DescribeInstances&Filter.1=x":                              "InvalidParameterValue",
		"Action=DescribeInstances&Filter.1.Name=subnet-id&Filter.1.Val=x":  "UnknownParameter",
		"Action=DescribeInstances&MaxResults=ten":                          "InvalidParameterValue",
		"Action=DescribeInstances&=x":                                      "UnknownParameter",
		"Action=RunInstances&Spec.ImageId=x":                               "UnknownParameter",
		"Action=DescribeInstances&" + strings.Repeat(".a", 100_000) + "=x": "UnknownParameter",
		"Action=DescribeInstances&%zz=x":                                   "MalformedQueryString",
		"":                                                                 "InvalidAction",
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form)))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "<Code>"+code+"</Code>") {
			t.Errorf("form %.60q: %d %.200s, want %s", form, w.Code, w.Body, code)
		}
	}
}
