package sts_test

import (
	"errors"
	"testing"

	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/deploy/local/aws/sts"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

func TestGetCallerIdentityTellsTheAccountAndARN(t *testing.T) {
	t.Parallel()
	c := awssts.NewFromConfig(wiretest.Config(sts.New(sts.Options{Account: "123456789012"})))
	out, err := c.GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != "123456789012" || *out.Arn != "arn:aws:iam::123456789012:user/powerpole" || *out.UserId != "AIDAEMBEDDEDPOWERPOLE" {
		t.Errorf("account %s, ARN %s, user %s", *out.Account, *out.Arn, *out.UserId)
	}
}

func TestAnotherCallIsRefused(t *testing.T) {
	t.Parallel()
	c := awssts.NewFromConfig(wiretest.Config(sts.New(sts.Options{})))
	_, err := c.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidAction" {
		t.Errorf("error %v, want InvalidAction", err)
	}
}
