package catalog

import "time"

// document is the whole of powerpole.yaml. The tags say all that there is to know about a key: its name, whether it
// must be there (required), the form of its text (form, see form.go), its closed list (enum) and its meaning (doc). The
// decoder obeys them, and catalog.schema.json is made from them.
type document struct {
	Installation   string          `yaml:"installation" required:"true" form:"name" doc:"Id of this PowerPole. The audience of every slip and warrant, so that those of one installation mean nothing in another."`
	EmailDomains   []string        `yaml:"email_domains" required:"true" form:"domain" doc:"Domains of the e-mail addresses of people who may take part. Everybody else is nobody."`
	Administrators []string        `yaml:"administrators" form:"member" doc:"Slack user groups (S…) or users (U…, W…) who may end any lease."`
	Slack          Slack           `yaml:"slack" required:"true" doc:"Channels that belong to no single cluster."`
	Limits         Limits          `yaml:"limits" doc:"Limits for everybody."`
	Roles          map[string]Role `yaml:"roles" form:"role" doc:"Named sets of MySQL privileges. READ, DML and DDL are there without being written; what is written about them changes them."`
	Everybody      []string        `yaml:"everybody" doc:"What everybody may have on the database servers without being granted it (mandatory roles, PUBLIC, the anonymous user), as the grantor reports it. Anything else that everybody has is refused."`
	Clusters       []Cluster       `yaml:"clusters" required:"true" doc:"The Aurora MySQL clusters, or other MySQL and MariaDB servers."`
}

// Slack holds the channels that belong to no single cluster.
type Slack struct {
	OperatorsChannel string `yaml:"operators_channel" required:"true" form:"channel" doc:"Channel id for alarms."`
	ApproversChannel string `yaml:"approvers_channel" form:"channel" doc:"Channel id for the requests of clusters that name none."`
}

// Limits hold for everybody.
type Limits struct {
	// Pending is how long a request waits for its approvers, and how old a slip may be.
	Pending time.Duration `yaml:"pending" doc:"How long a request waits for decisions before it lapses, as 8h. Default 8h, at most 168h."`
	// Provisioning is how long building a bastion and an account may take: StartBy is approval + Provisioning.
	Provisioning time.Duration `yaml:"provisioning" doc:"How long building the bastion and the account may take, as 10m. Default 10m, at most 1h."`
	// MinDuration is the shortest lease.
	MinDuration time.Duration `yaml:"min_duration" doc:"The shortest lease, as 5m. Default 5m; less only to try PowerPole out."`
	// OpenPerPerson is how many requests one person may have that are not ended.
	OpenPerPerson int `yaml:"open_per_person" doc:"How many requests one person may have open at a time. Default 3."`
}

// Role is a named set of MySQL privileges and the terms on which people get it.
type Role struct {
	// Name is the key of the role in the catalog.
	Name string `yaml:"-"`
	// Privileges are per database, in upper case, in the order of the catalog.
	Privileges []string `yaml:"privileges" enum:"privileges" doc:"Privileges on each database that is asked for; never server-wide, never WITH GRANT OPTION."`
	// Tables narrows the role to these; empty means whole databases.
	Tables []string `yaml:"tables" form:"table" doc:"Tables that the role is for, as shop.*, shop.orders or, in a role whose only privilege is SELECT, shop.orders(id, item): these columns and no others. Default: whole databases."`
	// Approvals is how many different people must approve.
	Approvals int `yaml:"approvals" doc:"How many different people must approve. Default 1."`
	// MaxDuration is the role's ceiling: EndBy is StartBy + MaxDuration.
	MaxDuration     time.Duration `yaml:"max_duration" doc:"The ceiling: no lease lasts longer, however often it is extended, as 8h. At most 24h, the longest that Session Manager allows."`
	DefaultDuration time.Duration `yaml:"default_duration" doc:"What the form proposes, as 1h."`
	// Drain is how long sessions may finish their transactions after the end.
	Drain time.Duration `yaml:"drain" doc:"How long a session may finish its transaction after the end, as 30s. Default 0s, at most 60s."`
	// Extend says whether a lease may be extended, up to the ceiling.
	Extend bool `yaml:"extend" doc:"Whether a lease may be extended, up to the ceiling. Default true."`
}

// Cluster is one database cluster.
type Cluster struct {
	ID      string `yaml:"id" required:"true" form:"name" doc:"Id of the cluster, in events, logs and policies. It stays."`
	Name    string `yaml:"name" doc:"Name that people read. Default: the id."`
	Region  string `yaml:"region" required:"true" form:"region" doc:"AWS region, as ap-northeast-1."`
	Account string `yaml:"account" required:"true" form:"account" doc:"AWS account id of the bastions, 12 digits, in quotes."`
	Engine  Engine `yaml:"engine" required:"true" doc:"How to reach the database."`
	// Databases is the list of what may be asked for.
	Databases []string `yaml:"databases" required:"true" form:"database" doc:"Databases (schemas) that may be asked for. No others."`
	Channel   string   `yaml:"channel" form:"channel" doc:"Channel id where the approvers are asked. Default: slack.approvers_channel."`
	Language  string   `yaml:"language" enum:"en|ja" doc:"Language of messages in the channel. Default en."`
	Warning   string   `yaml:"warning" doc:"Text that the form shows to whoever chooses this cluster."`
	// Roles are the names of the roles that may be asked for.
	Roles []string `yaml:"roles" required:"true" form:"role" doc:"Names of the roles that may be asked for here."`
	// Approvers are ids of Slack user groups and users.
	Approvers []string `yaml:"approvers" required:"true" form:"member" doc:"Slack user groups (S…) or users (U…, W…) who may approve."`
	// AutoApprove and BreakGlass name roles that are given without an approver.
	AutoApprove []string `yaml:"auto_approve" form:"role" doc:"Names of the roles that need no approver here."`
	BreakGlass  []string `yaml:"break_glass" form:"role" doc:"Names of the roles that may be taken at once in an emergency; everybody who was skipped is told, and a review stays open."`
	Bastion     Bastion  `yaml:"bastion" required:"true" doc:"What a bastion of this cluster is made of."`
}

// Engine is how to reach a cluster's database.
type Engine struct {
	Writer    string   `yaml:"writer" required:"true" form:"endpoint" doc:"Writer endpoint, host:port."`
	Reader    string   `yaml:"reader" form:"endpoint" doc:"Reader endpoint, host:port, where there is one. People use it; PowerPole never trusts it to prove anything."`
	Instances []string `yaml:"instances" form:"endpoint" doc:"Every instance, host:port, where the server cannot list them itself (Aurora can). Default: the writer alone."`
	// AdminSecret is a reference to a JSON object with username and password.
	AdminSecret string `yaml:"admin_secret" required:"true" form:"secret" doc:"Where the grantor's credentials are: file:/path or secretsmanager:NAME-or-ARN, of a JSON object with username and password, as RDS writes it."`
	Auth        string `yaml:"auth" enum:"password|iam" doc:"How people log in: with a password that PowerPole makes, or by IAM authentication. Default password."`
	// ReaderForRead says whether leases that only read are given the reader endpoint.
	ReaderForRead bool `yaml:"reader_for_read" doc:"Whether leases that only read are given the reader endpoint. Default: true where there is one."`
	TLS           TLS  `yaml:"tls" doc:"How connections to the database are secured."`
}

// TLS is how connections to a database are secured. They are verified against CA and the server's name.
type TLS struct {
	CA         string `yaml:"ca" form:"ca" doc:"Who signs the server's certificate: rds (Amazon's bundle, the default), system, or file:/path of a PEM file."`
	ServerName string `yaml:"server_name" form:"host" doc:"Name in the server's certificate, where it is not the endpoint's host."`
	Off        bool   `yaml:"off" doc:"No TLS. Only for an embedded or other database on the loopback interface."`
}

// Bastion is what a bastion is made of.
type Bastion struct {
	LaunchTemplate string     `yaml:"launch_template" required:"true" form:"launch template" doc:"Id (lt-…) or name of the EC2 launch template."`
	Capacity       []Capacity `yaml:"capacity" required:"true" doc:"Where to launch, in order: the next is tried where EC2 has no capacity left."`
	SessionURL     string     `yaml:"session_url" form:"session url" doc:"Link into the session, with {instance} and {region}. Default: the region's console; give the shortcut link of Identity Center where you have one."`
}

// Capacity is one try to launch a bastion.
type Capacity struct {
	InstanceType string `yaml:"instance_type" required:"true" form:"instance type" doc:"EC2 instance type, as t4g.nano."`
	Subnet       string `yaml:"subnet" required:"true" form:"subnet" doc:"Subnet id. It holds nothing but bastions, and its addresses reach the database as they are."`
}

// newDocument returns what an empty file means.
func newDocument() *document {
	return &document{Roles: builtinRoles(), Limits: Limits{
		Pending: 8 * time.Hour, Provisioning: 10 * time.Minute, MinDuration: 5 * time.Minute, OpenPerPerson: 3,
	}}
}

// preset is implemented by what has defaults other than zero; the decoder asks for it before it reads.
type preset interface{ preset() }

var (
	_ preset = (*Role)(nil)
	_ preset = (*Cluster)(nil)
)

func (r *Role) preset() {
	r.Approvals, r.MaxDuration, r.DefaultDuration, r.Extend = 1, 4*time.Hour, time.Hour, true
}

func (c *Cluster) preset() {
	c.Language = "en"
	c.Engine.Auth, c.Engine.ReaderForRead, c.Engine.TLS.CA = AuthPassword, true, CARDS
	c.Bastion.SessionURL = "https://{region}.console.aws.amazon.com/systems-manager/session-manager/{instance}?region={region}"
}
