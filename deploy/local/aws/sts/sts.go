// Package sts is the one call of the Security Token Service that programs
// make to learn who they are.
package sts

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Options say who every caller is.
type Options struct {
	// Account is the account's number, 000000000000 where empty.
	Account string
	// ARN is the caller's, that of the account's user powerpole where empty.
	ARN string
}

// Server is an STS to which every caller is the same.
type Server struct {
	opts  Options
	query *wire.Query
}

// New returns an STS.
func New(o Options) *Server {
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.ARN == "" {
		o.ARN = "arn:aws:iam::" + o.Account + ":user/powerpole"
	}
	s := &Server{opts: o, query: wire.NewQuery("STS", false, uuid.NewString)}
	s.query.Handle("GetCallerIdentity", s.getCallerIdentity)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.query.ServeHTTP(w, r) }

type identityOutput struct {
	XMLName   xml.Name `xml:"GetCallerIdentityResponse"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

func (s *Server) getCallerIdentity(_ context.Context, _ url.Values) (any, error) {
	name := s.opts.ARN[strings.LastIndexAny(s.opts.ARN, "/:")+1:]
	return &identityOutput{ARN: s.opts.ARN, UserID: "AIDAEMBEDDED" + strings.ToUpper(name), Account: s.opts.Account, RequestID: uuid.NewString()}, nil
}
