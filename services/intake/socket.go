package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// reconnectAfter is how long Socket Mode waits after slack-go gave up a
// connection: its managed connection returns after a failed reconnect.
const reconnectAfter = 5 * time.Second

// socketWorkers is how many messages are answered at once.
const socketWorkers = 16

// serveSocket answers Slack over Socket Mode until ctx ends.
func (s *Service) serveSocket(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.oneSocket(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "Socket Mode was disconnected", "error", err)
		}
		select {
		case <-time.After(reconnectAfter):
		case <-ctx.Done():
		}
	}
	return nil
}

func (s *Service) oneSocket(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := socketmode.New(s.Socket, socketmode.OptionReadLimit(maxBody))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	workers := make(chan struct{}, socketWorkers)
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case err := <-ended:
			return err
		case e := <-client.Events:
			if e.Request == nil {
				continue
			}
			workers <- struct{}{}
			running.Go(func() {
				defer func() { <-workers }()
				s.answerSocket(ctx, client, e)
			})
		}
	}
}

// answerSocket acknowledges what was handled. What failed is not acknowledged:
// Slack then shows the person that it failed.
func (s *Service) answerSocket(ctx context.Context, client *socketmode.Client, e socketmode.Event) {
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	reply, err := s.fromSocket(within, e)
	if err != nil {
		s.Log.ErrorContext(ctx, "a message of Slack failed", "type", string(e.Type), "error", err)
		return
	}
	if err := client.AckCtx(ctx, e.Request.EnvelopeID, reply); err != nil && !errors.Is(err, context.Canceled) {
		s.Log.WarnContext(ctx, "acknowledging to Slack failed", "error", err)
	}
}

func (s *Service) fromSocket(ctx context.Context, e socketmode.Event) (answer, error) {
	switch e.Type {
	case socketmode.EventTypeSlashCommand:
		var c slack.SlashCommand
		if err := json.Unmarshal(e.Request.Payload, &c); err != nil {
			return nil, fmt.Errorf("reading a command: %w", errBadRequest)
		}
		return s.command(ctx, c)
	case socketmode.EventTypeInteractive:
		return s.rawInteraction(ctx, e.Request.Payload)
	case socketmode.EventTypeEventsAPI:
		return s.postEvent(ctx, e.Request.Payload)
	default:
		return nil, nil
	}
}
