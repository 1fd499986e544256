package secretsmanager_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/deploy/local/aws/secretsmanager"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

func setup(t *testing.T) (*secretsmanager.Server, *awssm.Client) {
	t.Helper()
	s := secretsmanager.New(secretsmanager.Options{Account: "123456789012"})
	return s, awssm.NewFromConfig(wiretest.Config(s))
}

// token returns a ClientRequestToken.
func token(c string) *string { return aws.String(strings.Repeat(c, 32)) }

func create(t *testing.T, c *awssm.Client, name, value string) *awssm.CreateSecretOutput {
	t.Helper()
	out, err := c.CreateSecret(t.Context(), &awssm.CreateSecretInput{Name: &name, SecretString: &value, ClientRequestToken: token("a")})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, c *awssm.Client, in *awssm.GetSecretValueInput) string {
	t.Helper()
	out, err := c.GetSecretValue(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.SecretString
}

func readErr(t *testing.T, c *awssm.Client, id string) error {
	t.Helper()
	_, err := c.GetSecretValue(t.Context(), &awssm.GetSecretValueInput{SecretId: &id})
	return err
}

// wantType fails unless the error is AWS's error T.
func wantType[T error](t *testing.T, err error) {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Errorf("error %v, want %T", err, want)
	}
}

func TestASecretIsReadByNameAndByARN(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	out := create(t, c, "pp/one", "s3cret")
	if !strings.HasPrefix(*out.ARN, "arn:aws:secretsmanager:us-east-1:123456789012:secret:pp/one-") || *out.VersionId != *token("a") {
		t.Errorf("ARN %s, version %s", *out.ARN, *out.VersionId)
	}
	for _, id := range []string{"pp/one", *out.ARN, (*out.ARN)[:len(*out.ARN)-7]} {
		if got := read(t, c, &awssm.GetSecretValueInput{SecretId: &id}); got != "s3cret" {
			t.Errorf("%s read by %s", got, id)
		}
	}
	wantType[*types.ResourceNotFoundException](t, readErr(t, c, "pp/two"))
}

func TestCreatingASecretAgainIsRefusedUnlessTheCallIsTheSame(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	first := create(t, c, "x", "one")
	if again := create(t, c, "x", "one"); *again.ARN != *first.ARN {
		t.Errorf("ARN %s, want %s", *again.ARN, *first.ARN)
	}
	for _, in := range []*awssm.CreateSecretInput{
		{Name: aws.String("x"), SecretString: aws.String("two"), ClientRequestToken: token("a")},
		{Name: aws.String("x"), SecretString: aws.String("one"), ClientRequestToken: token("b")},
	} {
		_, err := c.CreateSecret(t.Context(), in)
		wantType[*types.ResourceExistsException](t, err)
	}
}

func TestANewValueBecomesCurrentAndTheOldOnePrevious(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	create(t, c, "x", "one")
	put := func(tok, value string) error {
		_, err := c.PutSecretValue(t.Context(), &awssm.PutSecretValueInput{SecretId: aws.String("x"), SecretString: &value, ClientRequestToken: token(tok)})
		return err
	}
	for _, step := range []struct{ token, value string }{{"b", "two"}, {"c", "three"}, {"b", "two"}} {
		if err := put(step.token, step.value); err != nil {
			t.Fatal(err)
		}
	}
	wantType[*types.ResourceExistsException](t, put("b", "other"))
	for stage, want := range map[string]string{"": "three", "AWSCURRENT": "three", "AWSPREVIOUS": "two"} {
		in := &awssm.GetSecretValueInput{SecretId: aws.String("x")}
		if stage != "" {
			in.VersionStage = &stage
		}
		if got := read(t, c, in); got != want {
			t.Errorf("stage %q: %s, want %s", stage, got, want)
		}
	}
	if got := read(t, c, &awssm.GetSecretValueInput{SecretId: aws.String("x"), VersionId: token("a")}); got != "one" {
		t.Errorf("first version %s", got)
	}
}

func TestABinaryValueComesBackAsItWas(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	_, err := c.CreateSecret(t.Context(), &awssm.CreateSecretInput{Name: aws.String("x"), SecretBinary: []byte{0, 255}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetSecretValue(t.Context(), &awssm.GetSecretValueInput{SecretId: aws.String("x")})
	if err != nil || !slices.Equal(out.SecretBinary, []byte{0, 255}) || out.SecretString != nil {
		t.Errorf("value %+v, %v", out, err)
	}
}

func TestAForcedDeletionTakesEffectAtOnceAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	s, c := setup(t)
	create(t, c, "x", "one")
	for range 2 {
		if _, err := c.DeleteSecret(t.Context(), &awssm.DeleteSecretInput{SecretId: aws.String("x"), ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	wantType[*types.ResourceNotFoundException](t, readErr(t, c, "x"))
	if got := s.Secrets(); len(got) != 0 {
		t.Errorf("secrets %v", got)
	}
	create(t, c, "x", "two")
}

func TestASecretMarkedForDeletionCannotBeReadUntilItIsRestored(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	create(t, c, "x", "one")
	if _, err := c.DeleteSecret(t.Context(), &awssm.DeleteSecretInput{SecretId: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	wantType[*types.InvalidRequestException](t, readErr(t, c, "x"))
	_, err := c.CreateSecret(t.Context(), &awssm.CreateSecretInput{Name: aws.String("x"), SecretString: aws.String("one"), ClientRequestToken: token("a")})
	wantType[*types.InvalidRequestException](t, err)
	if d, err := c.DescribeSecret(t.Context(), &awssm.DescribeSecretInput{SecretId: aws.String("x")}); err != nil || d.DeletedDate == nil {
		t.Errorf("description %+v, %v", d, err)
	}
	if _, err := c.RestoreSecret(t.Context(), &awssm.RestoreSecretInput{SecretId: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, &awssm.GetSecretValueInput{SecretId: aws.String("x")}); got != "one" {
		t.Errorf("restored value %s", got)
	}
}

func TestASecretIsGoneWhenItsRecoveryWindowEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t)
		create(t, c, "x", "one")
		if _, err := c.DeleteSecret(t.Context(), &awssm.DeleteSecretInput{SecretId: aws.String("x"), RecoveryWindowInDays: aws.Int64(7)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7*24*time.Hour - time.Second)
		if n := len(s.Secrets()); n != 1 {
			t.Errorf("%d secrets within the window, want 1", n)
		}
		time.Sleep(time.Second)
		wantType[*types.ResourceNotFoundException](t, readErr(t, c, "x"))
	})
}

func TestAnImpossibleDeletionIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	create(t, c, "x", "one")
	for _, in := range []*awssm.DeleteSecretInput{
		{SecretId: aws.String("x"), ForceDeleteWithoutRecovery: aws.Bool(true), RecoveryWindowInDays: aws.Int64(7)},
		{SecretId: aws.String("x"), RecoveryWindowInDays: aws.Int64(6)},
		{SecretId: aws.String("x"), RecoveryWindowInDays: aws.Int64(31)},
	} {
		_, err := c.DeleteSecret(t.Context(), in)
		wantType[*types.InvalidParameterException](t, err)
	}
	read(t, c, &awssm.GetSecretValueInput{SecretId: aws.String("x")})
}

func TestABadSecretIsRefusedWithoutItsValueInTheError(t *testing.T) {
	t.Parallel()
	s, c := setup(t)
	for name, in := range map[string]*awssm.CreateSecretInput{
		"blank in the name":     {Name: aws.String("a b"), SecretString: aws.String("hunter2")},
		"long name":             {Name: aws.String(strings.Repeat("a", 513)), SecretString: aws.String("hunter2")},
		"two values":            {Name: aws.String("x"), SecretString: aws.String("hunter2"), SecretBinary: []byte("hunter2")},
		"large value":           {Name: aws.String("x"), SecretString: aws.String(strings.Repeat("hunter2", 10000))},
		"short token":           {Name: aws.String("x"), SecretString: aws.String("hunter2"), ClientRequestToken: aws.String("a")},
		"reserved tag":          {Name: aws.String("x"), SecretString: aws.String("hunter2"), Tags: []types.Tag{{Key: aws.String("aws:x")}}},
		"unsupported parameter": {Name: aws.String("x"), SecretString: aws.String("hunter2"), ForceOverwriteReplicaSecret: true},
	} {
		_, err := c.CreateSecret(t.Context(), in)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorFault() == smithy.FaultServer || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if got := s.Secrets(); len(got) != 0 {
		t.Errorf("secrets %v, want none", got)
	}
}

func TestSecretsAreListedByNamePageByPage(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	for _, name := range []string{"pp/c", "pp/a", "other", "pp/b", "pp/d"} {
		create(t, c, name, "v")
	}
	if _, err := c.DeleteSecret(t.Context(), &awssm.DeleteSecretInput{SecretId: aws.String("pp/d")}); err != nil {
		t.Fatal(err)
	}
	var got []string
	pages := awssm.NewListSecretsPaginator(c, &awssm.ListSecretsInput{
		MaxResults: aws.Int32(2), Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{"pp/"}}},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range out.SecretList {
			got = append(got, *x.Name)
		}
	}
	if !slices.Equal(got, []string{"pp/a", "pp/b", "pp/c"}) {
		t.Errorf("listed %v", got)
	}
	_, err := c.ListSecrets(t.Context(), &awssm.ListSecretsInput{NextToken: aws.String("!")})
	wantType[*types.InvalidNextTokenException](t, err)
}

func TestTagsCanBeAddedFoundAndTakenAway(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	create(t, c, "x", "one")
	create(t, c, "y", "one")
	find := func() int {
		out, err := c.ListSecrets(t.Context(), &awssm.ListSecretsInput{Filters: []types.Filter{{Key: types.FilterNameStringTypeTagKey, Values: []string{"powerpole"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.SecretList)
	}
	if _, err := c.TagResource(t.Context(), &awssm.TagResourceInput{SecretId: aws.String("x"), Tags: []types.Tag{{Key: aws.String("powerpole:request"), Value: aws.String("1")}}}); err != nil {
		t.Fatal(err)
	}
	if n := find(); n != 1 {
		t.Errorf("%d secrets with the tag, want 1", n)
	}
	if _, err := c.UntagResource(t.Context(), &awssm.UntagResourceInput{SecretId: aws.String("x"), TagKeys: []string{"powerpole:request"}}); err != nil {
		t.Fatal(err)
	}
	if n := find(); n != 0 {
		t.Errorf("%d secrets with the tag, want none", n)
	}
}

func TestAnOperationThatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t)
	_, err := c.GetRandomPassword(t.Context(), &awssm.GetRandomPasswordInput{})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("error %v, want UnknownOperationException", err)
	}
}
