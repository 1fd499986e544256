package doctor

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// What the catalog cannot know.
const (
	resourcePlaceholder = "CLUSTER-RESOURCE-ID"
	namePlaceholder     = "NAME"
)

type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid      string
	Effect   string
	Action   string
	Resource []string
}

// iamPolicy is the right to log in by IAM authentication (RDS User Guide, IAM
// database authentication, "Creating and using an IAM policy"), of one person
// and for their own accounts only: the plain name, and the name with a hash of
// the request in it (mysqlacct.Hashed).
func iamPolicy(c catalog.Cluster) string {
	user := fmt.Sprintf("arn:%s:rds-db:%s:%s:dbuser:%s/%s", partition(c.Region), c.Region, c.Account, resourcePlaceholder, namePlaceholder)
	b, err := json.MarshalIndent(policyDocument{Version: "2012-10-17", Statement: []statement{{
		Sid: "PowerPoleLogin", Effect: "Allow", Action: "rds-db:connect", Resource: []string{user, user + "-????????"},
	}}}, "", "  ")
	if err != nil {
		return err.Error() // strings only: there is none
	}
	return string(b)
}

// partition is the part of AWS that the region is of.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// aboutPolicy says what the policy is for and how to fill in the rest.
func aboutPolicy(c catalog.Cluster) string {
	lookUp := "aws rds describe-db-instances --region " + c.Region + " --query 'DBInstances[].[Endpoint.Address,DbiResourceId]'"
	host, _, err := net.SplitHostPort(c.Engine.Writer)
	if id, _, aurora := strings.Cut(host, ".cluster-"); err == nil && aurora {
		lookUp = "aws rds describe-db-clusters --region " + c.Region + " --db-cluster-identifier " + id + " --query 'DBClusters[0].DbClusterResourceId'"
	}
	return fmt.Sprintf(`IAM policy for people who log in on %s (auth: iam). It is each person's own, never the bastion's: the token is made
where the person is signed in. %s is the person's account name: the part of the e-mail before the @, in lower case.
%s is what this says:
  %s
%s is the account of the bastions; write that of the cluster where it is another.`,
		c.ID, namePlaceholder, resourcePlaceholder, lookUp, c.Account)
}
