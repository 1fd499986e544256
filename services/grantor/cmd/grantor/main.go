// Command grantor makes and ends database accounts: see package grantor.
package main

import (
	"os"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/grantor"
)

func main() { os.Exit(service.Main(grantor.Spec())) }
