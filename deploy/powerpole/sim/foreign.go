package sim

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	driver "github.com/go-sql-driver/mysql"
)

// foreignAccount is an account of somebody else, with the name that one of our
// people would get.
const foreignAccount = "emma.clark"

// furnishForeign makes what others have in the account and on the server.
func (w *world) furnishForeign(ctx context.Context) error {
	out, err := ec2.NewFromConfig(w.stack.Config()).RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT4gNano,
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: aws.String("subnet-0cccccccccccccccc"),
	})
	if err != nil {
		return fmt.Errorf("launching somebody else's instance: %w", err)
	}
	w.foreignInstance = aws.ToString(out.Instances[0].InstanceId)
	// The engine keeps its settings for the whole process.
	return w.asAdmin(ctx, "SET GLOBAL mandatory_roles = ''", "CREATE USER '"+foreignAccount+"'@'10.9.9.9' IDENTIFIED BY 'of-somebody-else'")
}

// asAdmin runs statements as somebody who administers the database.
func (w *world) asAdmin(ctx context.Context, statements ...string) error {
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = w.database.Admin()
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.database.Dial(ctx, netip.MustParseAddr("10.0.0.7"))
	}
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
