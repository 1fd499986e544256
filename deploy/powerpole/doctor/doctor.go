// Package doctor looks at an installation of PowerPole and says what is wrong
// and what to do about it. It only reads, and prints no secret.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/caarlos0/env/v11"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/services/grantor"
)

// Settings are what the services read from their environment and the doctor
// looks at. They hold no secret.
type Settings struct {
	// Catalog, Keys and Policies are paths: powerpole.yaml, the public keys, and
	// added Cedar policies.
	Catalog  string   `env:"POWERPOLE_CATALOG"`
	Keys     string   `env:"POWERPOLE_KEYS"`
	Policies []string `env:"POWERPOLE_POLICIES"`
	// SlackURL is Slack's Web API, SlackToken the reference of the bot token
	// (package secret). Without it Slack is not looked at.
	SlackURL   string `env:"POWERPOLE_SLACK_API_URL" envDefault:"https://slack.com/api/"`
	SlackToken string `env:"POWERPOLE_SLACK_BOT_TOKEN"`
	grantor.Config
}

// Read reads the settings from an environment.
func Read(environ map[string]string) (s Settings, err error) {
	if err := env.ParseWithOptions(&s, env.Options{Environment: environ}); err != nil {
		return s, fmt.Errorf("reading the settings: %w", err)
	}
	return s, nil
}

// Options say what to look at.
type Options struct {
	Settings
	// Cluster, where it is not empty, is the only one that is looked at.
	Cluster string
	AWS     aws.Config
	// HTTP is the client towards Slack.
	HTTP *http.Client
	// Dial replaces TCP towards databases where it is set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Report is told of every check.
	Report *Report
}

// ErrProblems means that something is not as it must be. The report says what.
var ErrProblems = errors.New("the installation is not in order")

// checkWithin is how long one check may take.
const checkWithin = 30 * time.Second

// Run makes every check, whatever became of the one before, and returns
// ErrProblems where one found a problem.
func Run(ctx context.Context, o Options) error {
	e := examination{Options: o}
	e.files(ctx)
	e.account(ctx)
	e.check(ctx, "slack", e.slack)
	for _, cluster := range e.clusters() {
		e.cluster(ctx, cluster)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if n := o.Report.problems; n > 0 {
		return fmt.Errorf("%w: %d problems", ErrProblems, n)
	}
	return nil
}

// examination is one look at an installation.
type examination struct {
	Options
	// catalog is nil where it does not read.
	catalog *catalog.Catalog
}

// check runs a check within its time and reports what it found.
func (e *examination) check(ctx context.Context, name string, look func(context.Context) []Finding) {
	if ctx.Err() != nil {
		return
	}
	stop := e.Report.begin(name)
	defer stop()
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	for _, f := range look(within) {
		e.Report.add(name, f)
	}
}

// clusters are those to look at.
func (e *examination) clusters() []catalog.Cluster {
	if e.Cluster == "" {
		return e.catalog.Clusters()
	}
	if one, ok := e.catalog.Cluster(e.Cluster); ok {
		return []catalog.Cluster{one}
	}
	if e.catalog != nil {
		e.Report.add("cluster "+e.Cluster, Problem("the catalog has none of this name", "give --cluster an id of "+e.Settings.Catalog))
	}
	return nil
}

func (e *examination) administrator() grantor.Administrator {
	return grantor.Administrator{Secrets: secretsmanager.NewFromConfig(e.AWS), Dial: e.Dial, CAFile: e.CAFile}
}
