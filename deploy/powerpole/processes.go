package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
)

// processSmoke goes the road with everything as processes from one folder:
// `powerpole local --no-services`, and the six services with the environment of
// its endpoints file.
func processSmoke(ctx context.Context, o smoke.Options, database demo.Server, folder string, lines io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "powerpole-smoke-")
	if err != nil {
		return fmt.Errorf("making a folder for the endpoints: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "endpoints.json")
	local, err := demo.StartLocal(ctx, folder, file, demo.LocalOptions{Addresses: demo.FreeAddresses(), Database: database, Lines: lines})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Stop()) }()
	o.Endpoints = local.Endpoints
	fleet, err := demo.StartFleet(ctx, folder, o.Endpoints, lines)
	if err != nil {
		return err
	}
	return errors.Join(report(ctx, o), fleet.Stop())
}
