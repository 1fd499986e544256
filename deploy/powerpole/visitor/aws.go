package visitor

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/pkg/service"
)

// AWS is how a visitor calls the demo's AWS.
func AWS(e demo.Endpoints) aws.Config {
	return aws.Config{
		Region: e.Region, BaseEndpoint: aws.String(e.AWS),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAVISITOR", "visitor", ""),
		HTTPClient:  service.PlainBodies(awshttp.NewBuildableClient()),
	}
}
