package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/doctor"
	"github.com/powerpole/powerpole/pkg/slackui"
)

func TestASoundInstallationIsInOrder(t *testing.T) {
	t.Parallel()
	report, _, err := install(t, embedded(t)).examine(t)
	if err != nil || len(problems(report)) > 0 {
		t.Errorf("%v:\n%s", err, report)
	}
	for _, want := range []string{
		"installation test", "keys.json", "account 000000000000", "event bus and archive powerpole", "10, dead-letter queues", "Nimbus as powerpole",
		"TLS verified as", "every right of deploy/sql", "instance embedded:3306",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is not in\n%s", want, report)
		}
	}
}

func TestWhatIsMissingInAWSIsNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		harm  func(context.Context, aws.Config) error
		texts []string
	}{
		"queue":           {dropQueue("powerpole-reaper"), []string{"queue powerpole-reaper is missing"}},
		"dead-letter":     {dropQueue("powerpole-grantor-dlq"), []string{"queue powerpole-grantor-dlq is missing"}},
		"table":           {dropTable, []string{"table powerpole-approval is missing"}},
		"rule":            {dropRule, []string{"rule powerpole-reaper-from-grantor is missing"}},
		"rule off":        {disableRule, []string{"rule powerpole-reaper-from-grantor is disabled"}},
		"rule of old":     {narrowRule, []string{"rule powerpole-reaper-from-grantor does not choose"}},
		"rule to nowhere": {removeTarget, []string{"rule powerpole-reaper-from-grantor does not send to queue powerpole-reaper"}},
		"archive":         {dropArchive, []string{"archive powerpole is missing"}},
		"schedule group":  {dropGroup, []string{"schedule group powerpole is missing"}},
		"schedule":        {dropSchedule, []string{"schedule powerpole-sweep-grantor is missing"}},
		"no redrive":      {noRedrive, []string{"queue powerpole-reaper has no redrive policy"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := install(t, embedded(t))
			must(t, test.harm(t.Context(), i.aws))
			i.onlyProblem(t, append(test.texts, "run `powerpole bootstrap`")...)
		})
	}
}

const aRule = "powerpole-reaper-from-grantor"

func dropQueue(name string) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		queues := sqs.NewFromConfig(cfg)
		url, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		if err != nil {
			return err
		}
		_, err = queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url.QueueUrl})
		return err
	}
}

func noRedrive(ctx context.Context, cfg aws.Config) error {
	queues := sqs.NewFromConfig(cfg)
	url, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("powerpole-reaper")})
	if err != nil {
		return err
	}
	_, err = queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url.QueueUrl, Attributes: map[string]string{"RedrivePolicy": ""}})
	return err
}

func dropTable(ctx context.Context, cfg aws.Config) error {
	_, err := dynamodb.NewFromConfig(cfg).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("powerpole-approval")})
	return err
}

func dropRule(ctx context.Context, cfg aws.Config) error {
	if err := removeTarget(ctx, cfg); err != nil {
		return err
	}
	_, err := eventbridge.NewFromConfig(cfg).DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String(aRule), EventBusName: aws.String("powerpole")})
	return err
}

func removeTarget(ctx context.Context, cfg aws.Config) error {
	_, err := eventbridge.NewFromConfig(cfg).RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{
		Rule: aws.String(aRule), EventBusName: aws.String("powerpole"), Ids: []string{"queue"},
	})
	return err
}

func disableRule(ctx context.Context, cfg aws.Config) error {
	_, err := eventbridge.NewFromConfig(cfg).DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String(aRule), EventBusName: aws.String("powerpole")})
	return err
}

func narrowRule(ctx context.Context, cfg aws.Config) error {
	_, err := eventbridge.NewFromConfig(cfg).PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String(aRule), EventBusName: aws.String("powerpole"), EventPattern: aws.String(`{"source":["powerpole.grantor"],"detail-type":["Granted"]}`),
	})
	return err
}

func dropArchive(ctx context.Context, cfg aws.Config) error {
	_, err := eventbridge.NewFromConfig(cfg).DeleteArchive(ctx, &eventbridge.DeleteArchiveInput{ArchiveName: aws.String("powerpole")})
	return err
}

func dropGroup(ctx context.Context, cfg aws.Config) error {
	_, err := scheduler.NewFromConfig(cfg).DeleteScheduleGroup(ctx, &scheduler.DeleteScheduleGroupInput{Name: aws.String("powerpole")})
	return err
}

func dropSchedule(ctx context.Context, cfg aws.Config) error {
	_, err := scheduler.NewFromConfig(cfg).DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: aws.String("powerpole-sweep-grantor")})
	return err
}

func TestDeadLettersAreNotedAndNoProblem(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	queues := sqs.NewFromConfig(i.aws)
	url, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("powerpole-reaper-dlq")})
	must(t, err)
	_, err = queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: aws.String("x")})
	must(t, err)
	report, _, err := i.examine(t)
	if err != nil || !strings.Contains(report, "powerpole-reaper-dlq holds 1 dead letters") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestATokenThatReadsDirectMessagesIsAProblem(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t), append(slackui.Scopes(), "im:history")...)
	i.onlyProblem(t, "im:history", "reads every live password", "revoke the token")
}

func TestAScopeThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	without := slices.DeleteFunc(slackui.Scopes(), func(s string) bool { return s == "users:read.email" })
	install(t, embedded(t), without...).onlyProblem(t, "the token lacks users:read.email")
}

func TestAScopeTooManyIsNoted(t *testing.T) {
	t.Parallel()
	report, _, err := install(t, embedded(t), append(slackui.Scopes(), "files:read")...).examine(t)
	if err != nil || !strings.Contains(report, "more than PowerPole needs: [files:read]") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestATokenThatSlackRefusesIsAProblem(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	i.write(t, "token", "xoxb-another")
	i.secrets = append(i.secrets, "xoxb-another")
	i.onlyProblem(t, "slack", "invalid_auth")
}

// The embedded Slack asks for what it thinks PowerPole needs.
func TestTheEmbeddedSlackGivesTheScopesThatAreNeeded(t *testing.T) {
	t.Parallel()
	if a, b := slices.Sorted(slices.Values(slackui.Scopes())), slices.Sorted(slices.Values(slack.DefaultScopes())); !slices.Equal(a, b) {
		t.Errorf("needed are %q, the embedded Slack gives %q", a, b)
	}
}

func TestABrokenCatalogIsSaidWithItsLines(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	i.edit(t, "roles: [READ, DML]", "roles: [READ, NONE]")
	i.edit(t, "approvers: [U0APPROVER, U1APPROVER]", "approvers: [nobody]")
	report, _, err := i.examine(t)
	found := problems(report)
	if !errors.Is(err, doctor.ErrProblems) || len(found) != 2 || !strings.Contains(found[0], "powerpole.yaml:15:") || !strings.Contains(found[1], "powerpole.yaml:16:") {
		t.Errorf("%v: %q", err, found)
	}
	if !strings.Contains(report, "account 000000000000") {
		t.Error("it did not look at the rest")
	}
}

func TestAClusterThatTheCatalogDoesNotHaveIsAProblem(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	i.options.Cluster = "warehouse"
	i.onlyProblem(t, "cluster warehouse", "the catalog has none")
}

func TestAHostThatIsUnknownIsAProblemAndHidesNothing(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	i.options.Dial = nil // as the system resolves names
	i.edit(t, "embedded:3306", "shop.invalid:3306")
	i.onlyProblem(t, "cluster shop", "cannot log in on shop.invalid:3306", "engine.writer")
}

func TestAServerOfAnotherAuthorityIsAProblem(t *testing.T) {
	t.Parallel()
	db := embedded(t)
	i := install(t, db)
	i.write(t, "ca.pem", string(embedded(t).CA))
	i.onlyProblem(t, "cluster shop", "cannot log in", "engine.tls")
}

func TestWhatTakesOverASecondIsSaidMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := install(t, embedded(t))
		if _, said, err := i.examine(t); err != nil || said != "" {
			t.Errorf("%v, with all at once it said %q", err, said)
		}
		dial := i.options.Dial
		i.options.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			time.Sleep(1500 * time.Millisecond)
			return dial(ctx, address)
		}
		if _, said, err := i.examine(t); err != nil || said != "looking at cluster shop …\n" {
			t.Errorf("%v, it said %q", err, said)
		}
	})
}

func TestAnIAMClusterGetsAPolicyOfThePersonsOwn(t *testing.T) {
	t.Parallel()
	i := install(t, embedded(t))
	i.edit(t, "admin_secret:", "auth: iam\n      admin_secret:")
	report, _, err := i.examine(t)
	if err != nil {
		t.Fatalf("%v:\n%s", err, report)
	}
	from, to := strings.Index(report, "\n{"), strings.LastIndex(report, "}")
	if from < 0 || to < from {
		t.Fatalf("there is no policy in\n%s", report)
	}
	var policy struct {
		Version   string
		Statement []struct {
			Effect, Action string
			Resource       []string
		}
	}
	must(t, json.Unmarshal([]byte(report[from:to+1]), &policy))
	arn := "arn:aws:rds-db:ap-northeast-1:123456789012:dbuser:CLUSTER-RESOURCE-ID/NAME"
	s := policy.Statement
	if policy.Version != "2012-10-17" || len(s) != 1 || s[0].Effect != "Allow" || s[0].Action != "rds-db:connect" || !slices.Equal(s[0].Resource, []string{arn, arn + "-????????"}) {
		t.Errorf("policy %+v", policy)
	}
}
