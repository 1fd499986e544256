// Command intake is Slack's door: see package intake.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/intake"
)

func main() { os.Exit(service.Main(intake.Spec())) }
