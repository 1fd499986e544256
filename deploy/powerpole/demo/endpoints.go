package demo

import (
	"encoding/json"
	"fmt"
	"os"
)

// Endpoints is what scripts need: every address and token, and the environment
// with which each service can be started as a process of its own.
type Endpoints struct {
	Page     string   `json:"page"`
	AWS      string   `json:"aws"`
	Region   string   `json:"region"`
	Slack    Slack    `json:"slack"`
	Intake   string   `json:"intake"`
	Database Database `json:"database"`
	Catalog  string   `json:"catalog"`
	// Environment is by the service's name.
	Environment map[string]map[string]string `json:"environment"`
}

// Slack is how to act as a person of the workspace, and as Slack.
type Slack struct {
	URL           string `json:"url"`
	PeopleToken   string `json:"people_token"`
	SigningSecret string `json:"signing_secret"`
	BotToken      string `json:"bot_token"`
	AppToken      string `json:"app_token"`
}

// Database is the server and its administrator.
type Database struct {
	Address  string `json:"address"`
	Embedded bool   `json:"embedded"`
	User     string `json:"user"`
	Password string `json:"password"`
	// CA is the path of the authority that signed its certificate, empty
	// without TLS.
	CA         string `json:"ca,omitempty"`
	ServerName string `json:"server_name"`
}

// Write stores the endpoints as JSON, readable by its owner only: it holds every
// token of the demo.
func (e Endpoints) Write(path string) error {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}

// ReadEndpoints reads what Write wrote.
func ReadEndpoints(path string) (Endpoints, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Endpoints{}, fmt.Errorf("reading the endpoints: %w", err)
	}
	var e Endpoints
	if err := json.Unmarshal(b, &e); err != nil {
		return Endpoints{}, fmt.Errorf("reading the endpoints in %s: %w", path, err)
	}
	return e, nil
}
