// Command approval decides about requests: see package approval.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/approval"
)

func main() { os.Exit(service.Main(approval.Spec())) }
