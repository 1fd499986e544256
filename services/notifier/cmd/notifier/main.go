// Command notifier tells people what becomes of their requests: see package
// notifier.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/notifier"
)

func main() { os.Exit(service.Main(notifier.Spec())) }
