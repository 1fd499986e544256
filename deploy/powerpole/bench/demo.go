package main

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

// withDemo measures on a demo of its own, which ends with the measurement.
func withDemo(ctx context.Context, o demo.Options, measure func(context.Context, *demo.Demo) error) (err error) {
	o.Addresses = demo.FreeAddresses()
	d, err := demo.New(ctx, o)
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
	err = measure(running, d)
	stop()
	return errors.Join(err, <-ended)
}
