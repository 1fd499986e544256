package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/pkg/topology"
)

// scene is something of the plan that happens at a time of its own.
type scene struct {
	at   time.Duration
	name string
	play func(context.Context)
}

// direct plays the plan and returns when all of it has begun.
func (w *world) direct(ctx context.Context, p Plan) {
	var scenes []scene
	for i, d := range p.Deeds {
		scenes = append(scenes, scene{d.At, fmt.Sprintf("deed %d: %s", i, d), func(ctx context.Context) { w.do(ctx, d) }})
	}
	for _, f := range p.Faults {
		scenes = append(scenes, w.scenes(f)...)
	}
	slices.SortStableFunc(scenes, func(a, b scene) int { return cmp.Compare(a.at, b.at) })
	for _, s := range scenes {
		timer := time.NewTimer(s.at - w.elapsed())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if w.gate.pass(ctx, stop{key: "scene " + s.name, dead: ctx}) == nil {
			w.group.Go(func() { s.play(ctx) })
		}
	}
}

// scenes are the beginning and the end of a fault that is of a time.
func (w *world) scenes(f Fault) []scene {
	if !f.timed() {
		return nil
	}
	begin := func(play func(context.Context)) scene {
		return scene{f.At, f.String(), func(ctx context.Context) { w.faults.note(f, f.For); play(ctx) }}
	}
	end := func(play func()) scene {
		return scene{f.At + f.For, f.String() + ", over", func(context.Context) { play() }}
	}
	switch f.Kind {
	case Down:
		return []scene{begin(func(context.Context) { w.process(f.Where).crash(f.For) })}
	case Misread:
		again := func() { w.process(f.Where).crash(restartAfter) }
		return []scene{begin(func(context.Context) { again() }), end(again)}
	case Failover:
		return []scene{begin(func(context.Context) { w.connections.cut() })}
	case Exhausted:
		set := func(do func(instanceType, subnet string)) {
			do("t4g.nano", "subnet-0aaaaaaaaaaaaaaaa")
			do("t4g.micro", "subnet-0bbbbbbbbbbbbbbbb")
		}
		return []scene{begin(func(context.Context) { set(w.stack.EC2.Exhaust) }), end(func() { set(w.stack.EC2.Replenish) })}
	case NoAgent:
		return []scene{begin(func(context.Context) { w.stack.SSM.SetAgents(false) }), end(func() { w.stack.SSM.SetAgents(true) })}
	case Killed:
		return []scene{begin(func(context.Context) { w.killInstance() })}
	case Replay:
		return []scene{begin(func(ctx context.Context) { w.note("replay", w.replay(ctx, fmt.Sprintf("r%d", f.At))) })}
	case Everybody:
		return []scene{
			begin(func(ctx context.Context) {
				w.note("everybody", w.asAdmin(ctx, "CREATE USER ''@'%' IDENTIFIED BY 'of-everybody'", "GRANT SELECT ON billing.* TO ''@'%'"))
			}),
			end(func() {
				if !w.faults.still(Everybody) {
					w.note("nobody", w.asAdmin(context.Background(), "DROP USER ''@'%'"))
				}
			}),
		}
	case Mandatory:
		return []scene{
			begin(func(ctx context.Context) {
				w.note("role", w.asAdmin(ctx, "SET GLOBAL mandatory_roles = 'of_everybody'"))
			}),
			end(func() {
				if !w.faults.still(Mandatory) {
					w.note("no role", w.asAdmin(context.Background(), "SET GLOBAL mandatory_roles = ''"))
				}
			}),
		}
	case Storm:
		return []scene{begin(func(ctx context.Context) { w.again(ctx, f.Where) })}
	case Redrive:
		return []scene{begin(w.redrive)}
	default:
		return nil // asked for with each call
	}
}

// killInstance ends the oldest bastion, as somebody does in the console.
func (w *world) killInstance() {
	for _, i := range w.stack.EC2.Instances() {
		if i.State == "running" && i.Tags["powerpole:request"] != "" {
			w.note("kill "+i.ID, w.stack.EC2.Kill(i.ID))
			return
		}
	}
}

// replay replays the whole archive onto the bus.
func (w *world) replay(ctx context.Context, name string) error {
	events := eventbridge.NewFromConfig(w.stack.Config())
	archive, err := events.DescribeArchive(ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String(topology.ArchiveName)})
	if err != nil {
		return err
	}
	_, err = events.StartReplay(ctx, &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: archive.ArchiveArn, EventStartTime: aws.Time(w.began.Add(-time.Hour)), EventEndTime: aws.Time(time.Now()),
		Destination: &types.ReplayDestination{Arn: archive.EventSourceArn},
	})
	return err
}

// redrive puts what is in the dead-letter queues back.
func (w *world) redrive(ctx context.Context) {
	for _, q := range w.stack.SQS.Queues() {
		if name, dead := strings.CutSuffix(q.Name, topology.DeadSuffix); dead {
			for _, body := range w.stack.SQS.Peek(q.Name, 100) {
				w.note("redrive "+name, w.deliver(ctx, name, body))
			}
		}
	}
}

// note writes what became of something into the trace.
func (w *world) note(what string, err error) {
	if err != nil {
		w.trace.note("%s: %v", what, err)
		return
	}
	w.trace.note("%s: done", what)
}
