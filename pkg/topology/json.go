package topology

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// DefaultGroup is where the sweeps' schedules are: PowerPole's own group holds
// nothing but what belongs to a request.
const DefaultGroup = "default"

// document is topology.json: all that Terraform needs to build the same.
type document struct {
	Bus           string     `json:"bus"`
	Archive       string     `json:"archive"`
	ScheduleGroup string     `json:"schedule_group"`
	Tables        []table    `json:"tables"`
	Queues        []queue    `json:"queues"`
	Rules         []Rule     `json:"rules"`
	Schedules     []schedule `json:"schedules"`
	Services      []Service  `json:"services"`
}

type table struct {
	Name    string `json:"name"`
	Service string `json:"service"`
}

// queue is a service's queue with its dead-letter queue.
type queue struct {
	Name       string `json:"name"`
	Service    string `json:"service"`
	Visibility int    `json:"visibility_seconds"`
	Retention  int    `json:"retention_seconds"`
	// MaxReceive is the redrive policy's maxReceiveCount.
	MaxReceive    int    `json:"max_receive_count"`
	DeadQueue     string `json:"dead_queue"`
	DeadRetention int    `json:"dead_retention_seconds"`
}

// schedule is a rate schedule that puts a message into a queue.
type schedule struct {
	Name    string `json:"name"`
	Group   string `json:"group"`
	Service string `json:"service"`
	Queue   string `json:"queue"`
	Every   int    `json:"every_seconds"`
	// Message is a SweepDue, the same each time.
	Message event.Event `json:"message"`
}

// JSON is the topology as topology.json, indented, with a last newline. The
// tables' keys are those of store.Schema, the same for all.
func JSON() ([]byte, error) {
	d := document{
		Bus: BusName, Archive: ArchiveName, ScheduleGroup: ScheduleGroup, Rules: Rules(), Services: Services(),
	}
	for _, s := range Services() {
		if s.Table {
			d.Tables = append(d.Tables, table{s.TableName(), s.Name})
		}
		if s.Queue() != "" {
			d.Queues = append(d.Queues, queue{
				Name: s.Queue(), Service: s.Name, Visibility: seconds(Visibility), Retention: seconds(Retention),
				MaxReceive: RedriveAfter(s), DeadQueue: s.DeadQueue(), DeadRetention: seconds(DeadRetention),
			})
		}
		if s.Sweeps {
			due, err := sweepDue(s)
			if err != nil {
				return nil, err
			}
			d.Schedules = append(d.Schedules, schedule{s.SweepSchedule(), DefaultGroup, s.Name, s.Queue(), seconds(SweepEvery), due})
		}
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// sweepDue is a service's sweep message. When it was written says nothing, and
// must not change the file.
func sweepDue(s Service) (event.Event, error) {
	e, err := event.New(event.About{Source: s.Source}, event.SweepDue{})
	if err != nil {
		return event.Event{}, fmt.Errorf("writing the message of %s: %w", s.SweepSchedule(), err)
	}
	e.Detail.OccurredAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return e, nil
}

func seconds(d time.Duration) int { return int(d / time.Second) }
