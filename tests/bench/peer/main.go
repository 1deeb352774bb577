// A minimal operator over controller-runtime that does for a StreamJob what penstock-operator does first (finalizer, ConfigMap, Pod,
// status), and a load for either. Only ./dev bench operator uses it.
package main

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	commands := map[string]func([]string) error{"operator": operator, "create": create, "first": first, "change": change, "pods": pods}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "peer operator|create|first|change|pods --kubeconfig FILE ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// Without a limit of the client's own, as controller-runtime has it by default: the server has its fairness.
func restConfig(kubeconfig string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}
