package sqs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// settings are a queue's attributes that may be set: as the text that AWS
// keeps, and parsed.
type settings struct {
	text map[string]string

	delay, visibility, wait, retention time.Duration
	maxSize                            int
	deadLetter                         string // ARN
	maxReceives                        int
}

// bounds is the range of a numeric attribute, both ends included.
type bounds struct{ low, high int }

// numeric holds AWS's limits: seconds, bytes for MaximumMessageSize.
func numeric() map[string]bounds {
	return map[string]bounds{
		"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, maxBytes}, "MessageRetentionPeriod": {60, 1209600},
		"ReceiveMessageWaitTimeSeconds": {0, 20}, "VisibilityTimeout": {0, 43200},
		"KmsDataKeyReusePeriodSeconds": {60, 86400},
	}
}

// maxBytes is the largest message with its attributes, and the largest batch.
const maxBytes = 1 << 20

func defaults() map[string]string {
	return map[string]string{
		"DelaySeconds": "0", "MaximumMessageSize": strconv.Itoa(maxBytes), "MessageRetentionPeriod": "345600",
		"ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
	}
}

// with returns the settings with the changes made, or AWS's error.
// targetExists tells whether an ARN names a queue that may take dead letters.
func (s settings) with(changes map[string]string, targetExists func(string) bool) (settings, error) {
	next := settings{text: maps.Clone(s.text)}
	for name, value := range changes {
		if err := check(name, value); err != nil {
			return settings{}, err
		}
		next.text[name] = value
		if value == "" {
			delete(next.text, name)
		}
	}
	next.parseNumbers()
	return next, next.parseRedrive(targetExists)
}

func check(name, value string) error {
	bad := false
	switch r, number := numeric()[name]; {
	case number:
		n, err := strconv.Atoi(value)
		bad = err != nil || n < r.low || n > r.high
	case !known(name):
		return unknownAttribute(name)
	case name == "SqsManagedSseEnabled":
		_, err := strconv.ParseBool(value)
		bad = err != nil
	case name != "KmsMasterKeyId":
		bad = value != "" && !json.Valid([]byte(value))
	}
	if bad {
		return badValue(name, value)
	}
	return nil
}

// known reports whether a queue can have the attribute at all. FIFO's are not
// among them.
func known(name string) bool {
	_, number := numeric()[name]
	return number || slices.Contains([]string{
		"Policy", "RedrivePolicy", "RedriveAllowPolicy", "SqsManagedSseEnabled", "KmsMasterKeyId",
	}, name)
}

func unknownAttribute(name string) error {
	return fail("InvalidAttributeName", "InvalidAttributeName",
		"Unknown Attribute %s. The embedded SQS has standard queues only.", name)
}

func badValue(name, value string) error {
	return fail("InvalidAttributeValue", "InvalidAttributeValue", "Invalid value for the parameter %s: %q.", name, value)
}

func (s *settings) parseNumbers() {
	number := func(name string) int {
		n, _ := strconv.Atoi(s.text[name]) // checked before it was kept
		return n
	}
	s.delay = time.Duration(number("DelaySeconds")) * time.Second
	s.visibility = time.Duration(number("VisibilityTimeout")) * time.Second
	s.wait = time.Duration(number("ReceiveMessageWaitTimeSeconds")) * time.Second
	s.retention = time.Duration(number("MessageRetentionPeriod")) * time.Second
	s.maxSize = number("MaximumMessageSize")
}

func (s *settings) parseRedrive(targetExists func(string) bool) error {
	text, ok := s.text["RedrivePolicy"]
	if !ok {
		return nil
	}
	var policy struct {
		DeadLetterTargetArn string          `json:"deadLetterTargetArn"`
		MaxReceiveCount     json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return badValue("RedrivePolicy", text)
	}
	n, err := looseInt(policy.MaxReceiveCount)
	if err != nil || n < 1 || n > 1000 {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: %s, valid values are from 1 to 1000 both inclusive.", text, policy.MaxReceiveCount)
	}
	if !targetExists(policy.DeadLetterTargetArn) {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", text)
	}
	s.deadLetter, s.maxReceives = policy.DeadLetterTargetArn, n
	return nil
}

// looseInt reads 5 and "5", as AWS does in policies.
func looseInt(raw json.RawMessage) (int, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	return strconv.Atoi(text)
}
