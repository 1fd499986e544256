// Command reaper ends leases: see package reaper.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/reaper"
)

func main() { os.Exit(service.Main(reaper.Spec())) }
