package main

import (
	"os/exec"
	"strings"
	"testing"
)

// What a service links is what an attacker who owns it can reach.
func TestAServiceLinksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	const (
		slack  = "github.com/slack-go/slack"
		mysql  = "github.com/go-sql-driver/mysql"
		ec2    = "github.com/aws/aws-sdk-go-v2/service/ec2"
		ssm    = "github.com/aws/aws-sdk-go-v2/service/ssm"
		local  = "github.com/powerpole/powerpole/deploy/"
		tests  = "testing"
		policy = "github.com/cedar-policy/cedar-go"
	)
	for service, walls := range map[string][]string{
		"intake":      {mysql, ec2, ssm, local, tests, policy},
		"approval":    {mysql, ec2, ssm, local, tests},
		"provisioner": {mysql, slack, local, tests, policy},
		"grantor":     {slack, ssm, local, tests, policy},
		"notifier":    {mysql, ec2, ssm, local, tests, policy},
		"reaper":      {mysql, slack, ec2, ssm, local, tests, policy},
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/"+service)
			list.Dir = "../../services/" + service
			list.Env = append(list.Environ(), "GOWORK=off")
			out, err := list.Output()
			if err != nil {
				t.Fatal(err)
			}
			linked := strings.Fields(string(out))
			for _, dep := range linked {
				for _, wall := range walls {
					if dep == wall || strings.HasPrefix(dep, strings.TrimSuffix(wall, "/")+"/") {
						t.Errorf("links %s", dep)
					}
				}
				other, isService := strings.CutPrefix(dep, "github.com/powerpole/powerpole/services/")
				if isService && !strings.HasPrefix(other, service) {
					t.Errorf("links another service: %s", dep)
				}
			}
			if len(linked) < 50 {
				t.Errorf("only %d packages were listed", len(linked))
			}
		})
	}
}
