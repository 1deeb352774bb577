package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
)

// parse adds --dir to the flags, and gives the cluster that it names and the words after the flags.
func parse(flags *flag.FlagSet, arguments []string) (cluster, []string, error) {
	folder := flags.String("dir", "", "the cluster's directory")
	flags.Parse(arguments) // ends the program on what it does not know
	if *folder == "" {
		return cluster{}, nil, errors.New("--dir DIR is missing")
	}
	absolute, err := filepath.Abs(*folder)
	return cluster{absolute}, flags.Args(), err
}

func runStart(arguments []string) error {
	c, names, err := parse(flag.NewFlagSet("start", flag.ExitOnError), arguments)
	for _, name := range names {
		if err == nil {
			err = c.start(name)
		}
		if err == nil && name == "kube-apiserver" {
			err = c.waitAPIServer()
		}
	}
	return err
}

// waitAPIServer returns when the server is ready. Before that it knows no rights, and a controller-manager that starts then gives up.
func (c cluster) waitAPIServer() error {
	api, err := c.administrator()
	if err != nil {
		return err
	}
	return waitFor("the API server", startLimit, func() (bool, error) {
		_, alive := c.process("kube-apiserver")
		if !alive {
			return false, c.mustLive()
		}
		return api.finds("/readyz"), nil
	})
}

func runStop(arguments []string) error {
	c, names, err := parse(flag.NewFlagSet("stop", flag.ExitOnError), arguments)
	for _, name := range names {
		if err == nil {
			_, err = c.recipe(name)
		}
		if err == nil {
			err = c.stop(name)
		}
	}
	return err
}

func runDown(arguments []string) error {
	c, _, err := parse(flag.NewFlagSet("down", flag.ExitOnError), arguments)
	if err != nil {
		return err
	}
	return c.stopAll()
}

func runStatus(arguments []string) error {
	c, _, err := parse(flag.NewFlagSet("status", flag.ExitOnError), arguments)
	if err != nil {
		return err
	}
	for _, name := range c.names() {
		if pid, alive := c.process(name); alive {
			fmt.Printf("%-24s alive, process %d\n", name, pid)
		} else {
			fmt.Printf("%-24s ended\n", name)
		}
	}
	return nil
}
