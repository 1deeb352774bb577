package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A cluster is its directory: per component NAME a NAME.json (how it is started), NAME.pid ("PID START_TIME", the start
// time tells a later process of the same number apart) and NAME.log. No process watches over the others, so that a test
// can kill whichever it likes and nothing starts it again but `start`.
type cluster struct{ folder string }

type recipe struct {
	Order     int      `json:"order"` // started from low to high, ended from high to low
	Arguments []string `json:"arguments"`
}

const patience = 10 * time.Second

func (c cluster) file(elements ...string) string {
	return filepath.Join(append([]string{c.folder}, elements...)...)
}

// add remembers how the component is started, and starts it.
func (c cluster) add(name string, order int, arguments ...string) error {
	text, err := json.MarshalIndent(recipe{order, arguments}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file(name+".json"), text, 0o600); err != nil {
		return err
	}
	return c.start(name)
}

func (c cluster) recipe(name string) (recipe, error) {
	var found recipe
	text, err := os.ReadFile(c.file(name + ".json"))
	if err != nil {
		return found, fmt.Errorf("no component %s in %s; there are: %s", name, c.folder, strings.Join(c.names(), " "))
	}
	return found, json.Unmarshal(text, &found)
}

// names lists the components in the order in which they start.
func (c cluster) names() []string {
	files, _ := filepath.Glob(c.file("*.json"))
	order := map[string]int{}
	var names []string
	for _, file := range files {
		var found recipe
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &found) == nil {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			order[name], names = found.Order, append(names, name)
		}
	}
	sort.SliceStable(names, func(a, b int) bool { return order[names[a]] < order[names[b]] })
	return names
}

// start does nothing to a component that is alive. It belongs to no terminal and outlives whoever started it.
func (c cluster) start(name string) error {
	if _, alive := c.process(name); alive {
		return nil
	}
	how, err := c.recipe(name)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(c.file(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(self, how.Arguments...)
	command.Stdout, command.Stderr, command.Dir = log, log, c.folder
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return err
	}
	started, err := startTime(command.Process.Pid)
	if err != nil {
		return err
	}
	go command.Wait() // so that one that ends while we still wait for others is seen as ended
	return os.WriteFile(c.file(name+".pid"), []byte(fmt.Sprintf("%d %s\n", command.Process.Pid, started)), 0o600)
}

// process says whether the component is alive, and as which process.
func (c cluster) process(name string) (pid int, alive bool) {
	text, err := os.ReadFile(c.file(name + ".pid"))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 0, false
	}
	pid, err = strconv.Atoi(fields[0])
	if err != nil {
		return 0, false
	}
	started, err := startTime(pid)
	return pid, err == nil && started == fields[1]
}

// startTime is field 22 of /proc/PID/stat, in ticks since the machine started; an error for a process that has ended.
func startTime(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[19], nil
}

// stop asks the component to end, and kills it when it does not in time.
func (c cluster) stop(name string) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		pid, alive := c.process(name)
		if !alive {
			return nil
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		gone := func() (bool, error) { _, alive := c.process(name); return !alive, nil }
		if waitFor(name+" to end", patience, gone) == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not end", name)
}

// stopAll ends the components, the last started first.
func (c cluster) stopAll() error {
	names := c.names()
	for i := len(names) - 1; i >= 0; i-- {
		if err := c.stop(names[i]); err != nil {
			return err
		}
	}
	return nil
}

// mustLive is an error that shows the end of the log of the first component that is not alive.
func (c cluster) mustLive() error {
	for _, name := range c.names() {
		if _, alive := c.process(name); !alive {
			log, _ := os.ReadFile(c.file(name + ".log"))
			return fmt.Errorf("%s has ended; the end of %s says:\n%s", name, c.file(name+".log"), log[max(0, len(log)-2000):])
		}
	}
	return nil
}

// waitFor asks until the answer is true; an error of `ask` ends the waiting.
func waitFor(what string, limit time.Duration, ask func() (bool, error)) error {
	for until := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		done, err := ask()
		if done || err != nil {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("waited %v for %s", limit, what)
		}
	}
}
