package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/powerpole/powerpole/pkg/bus"
)

// SSM is what the provisioner needs of Systems Manager.
type SSM interface {
	GetConnectionStatus(context.Context, *ssm.GetConnectionStatusInput, ...func(*ssm.Options)) (*ssm.GetConnectionStatusOutput, error)
	DescribeSessions(context.Context, *ssm.DescribeSessionsInput, ...func(*ssm.Options)) (*ssm.DescribeSessionsOutput, error)
	TerminateSession(context.Context, *ssm.TerminateSessionInput, ...func(*ssm.Options)) (*ssm.TerminateSessionOutput, error)
}

var _ SSM = (*ssm.Client)(nil)

const (
	sessionsClaim = "end sessions"
	sessionsFor   = 20 * time.Second
)

func managedIn(region string) func(*ssm.Options) {
	return func(o *ssm.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

func (s *Service) connection(ctx context.Context, l Launch) (ssmtypes.ConnectionStatus, error) {
	out, err := s.ssm.GetConnectionStatus(ctx, &ssm.GetConnectionStatusInput{Target: &l.InstanceID}, managedIn(l.Input.Region))
	if err != nil {
		return "", fmt.Errorf("asking whether a session can start on %s: %w", l.InstanceID, err)
	}
	return out.Status, nil
}

// endSessions ends what is live on the instances: taking away the permission to
// start one ends none (facts: SSM). While the instance waits for the end of the
// account it is done again and again: until then its owner may start another.
func (s *Service) endSessions(r record, standing []int) step {
	return r.act(sessionsClaim, sessionsFor, nil, func(ctx context.Context, st State) (transition, error) {
		n := 0
		for _, i := range standing {
			ended, err := s.endSessionsOn(ctx, st.Launches[i])
			if err != nil {
				return transition{}, bus.Later(waitStep, err) // the end of the instance must not be put off
			}
			n += ended
		}
		return transition{To: func(st *State) {
			st.SessionsAt = s.clock.Now()
			st.Sessions += n
		}}, nil
	})
}

func (s *Service) endSessionsOn(ctx context.Context, l Launch) (int, error) {
	n := 0
	in := &ssm.DescribeSessionsInput{
		State: ssmtypes.SessionStateActive,
		Filters: []ssmtypes.SessionFilter{{
			Key: ssmtypes.SessionFilterKeyTargetId, Value: aws.String(l.InstanceID),
		}},
	}
	for {
		page, err := s.ssm.DescribeSessions(ctx, in, managedIn(l.Input.Region))
		if err != nil {
			return n, fmt.Errorf("listing the sessions on %s: %w", l.InstanceID, err)
		}
		for _, live := range page.Sessions {
			if err := s.endSession(ctx, l, aws.ToString(live.SessionId)); err != nil {
				return n, err
			}
			n++
		}
		if aws.ToString(page.NextToken) == "" {
			return n, nil
		}
		in.NextToken = page.NextToken
	}
}

func (s *Service) endSession(ctx context.Context, l Launch, id string) error {
	_, err := s.ssm.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: &id}, managedIn(l.Input.Region))
	var gone *ssmtypes.DoesNotExistException
	if err != nil && !errors.As(err, &gone) {
		return fmt.Errorf("ending session %s on %s: %w", id, l.InstanceID, err)
	}
	return nil
}
