// Command check vets and tests this module, and says what was run: go run ./internal/check.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check() error {
	tools := filepath.Join(runtime.GOROOT(), "bin")
	unformatted, err := exec.Command(filepath.Join(tools, "gofmt"), "-l", ".").CombinedOutput()
	if err != nil || len(unformatted) > 0 {
		return fmt.Errorf("gofmt would write these otherwise: %s (%v)", unformatted, err)
	}
	program := filepath.Join(tools, "go")
	if said, err := exec.Command(program, "vet", "./...").CombinedOutput(); err != nil {
		return fmt.Errorf("%s%w", said, err)
	}
	if err := test(program); err != nil {
		return err
	}
	if os.Getenv("TOLLGATE_FULL") == "" {
		return nil
	}
	return race(program)
}

// race runs all tests again under the race detector, which needs a C compiler.
func race(program string) error {
	command := exec.Command(program, "test", "-count=1", "-race", ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=1")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s%w", said, err)
	}
	fmt.Println("and again under the race detector")
	return nil
}

// test runs all tests, and counts what their runner says of each. Parts of a test are not counted.
func test(program string) error {
	command := exec.Command(program, "test", "-count=1", "-json", "./...")
	command.Stderr = os.Stderr
	said, ended := command.Output()
	counts := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(said))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		isQuiet := strings.HasPrefix(event.Output, "=== RUN") || strings.HasPrefix(event.Output, "--- PASS")
		if event.Action == "output" && !isQuiet {
			fmt.Print(event.Output)
		}
		if event.Test != "" && !strings.Contains(event.Test, "/") {
			counts[event.Action]++
		}
	}
	fmt.Printf("tollgate-tally tests=%d skipped=%d\n", counts["pass"], counts["skip"])
	if ended == nil && counts["pass"] == 0 {
		return fmt.Errorf("there is no test")
	}
	return ended
}
