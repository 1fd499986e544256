package demo

import (
	"net/http"

	"github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
)

type page struct{ handler http.Handler }

func newPage() page { return page{handler: http.NotFoundHandler()} }

func (p *page) saw(eventbridge.Event) {}

func (p *page) open(*Demo) error { return nil }
