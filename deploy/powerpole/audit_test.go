package main

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/store"
)

// audits runs `audit verify` with those arguments.
func audits(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := root()
	c.SetArgs(append([]string{"audit", "verify"}, args...))
	c.SetOut(&out)
	c.SetErr(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// Its error is what makes the command exit with 1.
func TestAuditOfAllFailsWhereOneLogIsBroken(t *testing.T) {
	stack, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.Close)
	server := httptest.NewServer(stack.Handler())
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test",
	} {
		t.Setenv(name, value)
	}
	db := dynamodb.NewFromConfig(stack.Config())
	if _, err := db.CreateTable(t.Context(), store.Schema("powerpole-approval")); err != nil {
		t.Fatal(err)
	}
	if said, err := audits(t, "--all"); err != nil || said != "0 requests, 0 rows: every log holds\n" {
		t.Errorf("%q, %v", said, err)
	}
	_, err = db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: awssdk.String("powerpole-approval"), Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "pp-01k0000000000000000000000a"}, "sk": &types.AttributeValueMemberS{Value: "published"},
		"rows": &types.AttributeValueMemberN{Value: "1"}, "published": &types.AttributeValueMemberN{Value: "1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if said, err := audits(t, "--all"); !errors.Is(err, store.ErrBroken) || !strings.HasSuffix(said, "1 requests, 0 rows: 1 BROKEN\n") {
		t.Errorf("%q, %v", said, err)
	}
	if said, err := audits(t, "--all", "--json"); !errors.Is(err, store.ErrBroken) || !strings.Contains(said, `"broken"`) {
		t.Errorf("%q, %v", said, err)
	}
	for _, args := range [][]string{{"--all", "pp-01k0000000000000000000000a"}, {}} {
		if _, err := audits(t, args...); err == nil || errors.Is(err, store.ErrBroken) {
			t.Errorf("%q gave %v", args, err)
		}
	}
}
