// Command provisioner builds bastions: see package provisioner.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/provisioner"
)

func main() { os.Exit(service.Main(provisioner.Spec())) }
