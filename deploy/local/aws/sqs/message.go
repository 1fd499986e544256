package sqs

import (
	"container/list"
	"crypto/md5" //nolint:gosec // SQS's checksum is MD5
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// attribute is a message attribute as the wire has it.
type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

func (a attribute) value() []byte {
	if a.StringValue != nil {
		return []byte(*a.StringValue)
	}
	return a.BinaryValue
}

// message is one message of a queue. It is delayed or in flight (then it is
// in the queue's due timeline) or visible (then it is in the ready list).
type message struct {
	id, body         string
	bodyMD5, attrMD5 string
	attrs            map[string]attribute
	trace            string
	source           string // ARN of the queue that gave it up as a dead letter

	seq                     uint64
	sent, first, due, taken time.Time
	receives                int
	inFlight                bool
	ready                   *list.Element
	duePlace, sentPlace     int
}

// seal validates a new message and gives it its id and checksums.
func (m *message) seal() error {
	if m.body == "" {
		return missing("MessageBody")
	}
	if !xmlText(m.body) {
		return fail("InvalidMessageContents", "InvalidMessageContents",
			"Invalid binary character was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	if err := checkAttributes(m.attrs); err != nil {
		return err
	}
	m.id = uuid.NewString()
	sum := md5.Sum([]byte(m.body)) //nolint:gosec // SQS's checksum is MD5
	m.bodyMD5, m.attrMD5 = hex.EncodeToString(sum[:]), attributesMD5(m.attrs)
	return nil
}

// size is what AWS counts against the limit: the body, and each attribute's
// name, type and value.
func (m *message) size() int {
	n := len(m.body)
	for name, a := range m.attrs {
		n += len(name) + len(a.DataType) + len(a.value())
	}
	return n
}

// handle names this receive of the message in this queue.
func (m *message) handle(queue string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join([]string{queue, m.id, strconv.Itoa(m.receives)}, " ")))
}

// parseHandle reverses handle. ok is false for what handle never wrote.
func parseHandle(handle string) (queue, id string, receive int, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(handle)
	if err != nil {
		return "", "", 0, false
	}
	parts := strings.Split(string(raw), " ")
	if len(parts) != 3 {
		return "", "", 0, false
	}
	receive, err = strconv.Atoi(parts[2])
	return parts[0], parts[1], receive, err == nil
}

// xmlText reports whether every character may stand in XML 1.0, which is what
// SQS takes.
func xmlText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

func checkAttributes(attrs map[string]attribute) error {
	if len(attrs) > 10 {
		return invalid("Number of message attributes [%d] exceeds the allowed maximum [10].", len(attrs))
	}
	for name, a := range attrs {
		if err := checkAttribute(name, a); err != nil {
			return err
		}
	}
	return nil
}

func checkAttribute(name string, a attribute) error {
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch {
	case name == "" || len(name) > 256:
		return invalid("The message attribute name %q is not from 1 to 256 characters long.", name)
	case kind != "String" && kind != "Number" && kind != "Binary":
		return invalid("The type of message attribute %q is invalid. You must use only the following supported type prefixes: Binary, Number, String.", name)
	case len(a.value()) == 0, kind == "Binary" && a.BinaryValue == nil, kind != "Binary" && a.StringValue == nil:
		return invalid("The message attribute %q must contain a non-empty message attribute value for message attribute type %q.", name, a.DataType)
	case kind != "Binary" && !xmlText(*a.StringValue):
		return fail("InvalidMessageContents", "InvalidMessageContents", "Invalid binary character was found in message attribute %q.", name)
	}
	return nil
}

// attributesMD5 is the checksum that the SDKs can compute as well
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html).
// It is empty without attributes.
func attributesMD5(attrs map[string]attribute) string {
	if len(attrs) == 0 {
		return ""
	}
	var b []byte
	field := func(v []byte) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...) } //nolint:gosec // at most 1 MiB
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		field([]byte(name))
		field([]byte(a.DataType))
		transport := byte(1)
		if strings.HasPrefix(a.DataType, "Binary") {
			transport = 2
		}
		b = append(b, transport)
		field(a.value())
	}
	sum := md5.Sum(b) //nolint:gosec // SQS's checksum is MD5
	return hex.EncodeToString(sum[:])
}
