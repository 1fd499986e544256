package dynamodb

import (
	"bytes"
	"hash/crc32"
	"net/http"
	"strconv"
)

// checked answers with X-Amz-Crc32 over the body, as DynamoDB does; the SDK
// compares it when it closes the body.
func checked(h http.Handler, w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	h.ServeHTTP(a, r)
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(a.body.Bytes())), 10))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// answer holds a body back until it is whole.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
