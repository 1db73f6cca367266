// Reads Compose projects with the library of Compose itself. Takes one project per line of its input, as JSON, and answers each with a line:
// the project as Compose understands it, or its error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/sirupsen/logrus"
)

type request struct {
	// Folder of the files.
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
	// Variables of the process, as NAME=value.
	Environment []string `json:"environment"`
	Profiles    []string `json:"profiles"`
}

type answer struct {
	Project json.RawMessage `json:"project,omitempty"`
	Error   string          `json:"error,omitempty"`
}

func load(asked request) (json.RawMessage, error) {
	options, err := cli.NewProjectOptions(asked.Files,
		cli.WithWorkingDirectory(asked.Folder),
		cli.WithEnv(asked.Environment),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithProfiles(asked.Profiles),
	)
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		project, err := load(asked)
		reply := answer{Project: project}
		if err != nil {
			reply = answer{Error: err.Error()}
		}
		if err := out.Encode(reply); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
