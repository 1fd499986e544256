package demo

import (
	"context"
	"errors"
)

// With runs do on a demo of its own, at free addresses, once its services run;
// the demo ends with it.
func With(ctx context.Context, o Options, do func(context.Context, *Demo) error) (err error) {
	o.Addresses = FreeAddresses()
	d, err := New(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(running, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		return err
	}
	err = do(running, d)
	stop()
	return errors.Join(err, <-ended)
}
