// Command chaos runs PowerPole as processes on a real MariaDB, lets people ask
// for access, and meanwhile kills services with SIGKILL and cuts connections.
// When that has stopped and things have settled, every request must have its
// one end and nothing may be left. It prints how long accounts stayed usable
// past their end.
//
// It is a command of its own and not one of `powerpole`: what an operator runs
// should hold neither a database server's tests nor a proxy that breaks
// connections.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options say how long, and with what.
type options struct {
	lasts, settle, sweepEvery time.Duration
	seed                      uint64
	bin                       string
	out                       io.Writer
}

// errBroken means that the run ended, and that something did not hold.
var errBroken = errors.New("something did not hold")

func main() { os.Exit(run()) }

func run() int {
	o := options{out: os.Stdout}
	flag.DurationVar(&o.lasts, "for", 10*time.Minute, "how long people ask and things break")
	flag.DurationVar(&o.settle, "settle", 8*time.Minute, "how long everything may take to end after that")
	flag.DurationVar(&o.sweepEvery, "sweep-every", time.Minute, "how often services sweep, in whole minutes")
	flag.Uint64Var(&o.seed, "seed", 0, "decides who asks for what and what breaks, but not how processes and packets meet; 0 takes any")
	flag.StringVar(&o.bin, "bin", "bin", "folder with the binaries, as make build puts them")
	flag.Parse()
	if o.seed == 0 {
		o.seed = uint64(rand.Uint32())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	err := chaos(ctx, o)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(o.out, "Stopped; nothing is left running or on disk.")
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	return 0
}

// chaos runs it once. Logs stay on disk only where something did not hold.
func chaos(ctx context.Context, o options) (err error) {
	fmt.Fprintf(o.out, "seed %d: %s of faults, a sweep every %s\n", o.seed, o.lasts, o.sweepEvery)
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	v, err := s.play(ctx, o)
	err = errors.Join(err, s.close())
	if err != nil || ctx.Err() != nil {
		if ctx.Err() == nil {
			return fmt.Errorf("seed %d: %w (logs: %s)", o.seed, err, s.dir)
		}
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	for _, how := range s.deaths {
		v.find("", "%s", how)
	}
	v.findings = append(v.findings, s.spoken(v.passwords)...)
	v.write(o.out)
	if len(v.findings) > 0 {
		fmt.Fprintf(o.out, "chaos: FAILED with seed %d; logs of all processes and of the faults are in %s\n", o.seed, s.dir)
		return errBroken
	}
	fmt.Fprintf(o.out, "chaos: passed: %s\n", v.summary())
	return os.RemoveAll(s.dir)
}
