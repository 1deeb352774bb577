// penstock-cluster is a whole Kubernetes for tests in one program: each component is a command of it, and the
// commands up, join, start, stop, down and status drive them as processes of their own.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// Kubernetes' own commands, with their own flags.
var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kube-proxy":              proxy.NewProxyCommand,
}

// Ours: they read their flags from the arguments after the command's name.
var orders = map[string]func(arguments []string) error{
	"etcd":   runEtcd,
	"up":     runUp,
	"join":   runJoin,
	"start":  runStart,
	"stop":   runStop,
	"down":   runDown,
	"status": runStatus,
}

const usage = `penstock-cluster: a whole Kubernetes for tests in one program

  up     --dir DIR [--address IP]                       starts a control plane; DIR/kubeconfig appears when it is ready
  join   --dir DIR --node NAME --address IP --cri URI   starts a kubelet, and kube-proxy with the first one
  start  --dir DIR NAME...                              starts components again that a test has killed
  stop   --dir DIR NAME...                              ends components
  down   --dir DIR                                      ends all of them
  status --dir DIR                                      which are alive
  etcd | kube-apiserver | kube-controller-manager | kube-scheduler | kubelet | kube-proxy   one component, with its own flags
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	name, arguments := os.Args[1], os.Args[2:]
	if order, found := orders[name]; found {
		if err := order(arguments); err != nil {
			fmt.Fprintf(os.Stderr, "penstock-cluster %s: %v\n", name, err)
			os.Exit(1)
		}
		return
	}
	command, found := components[name]
	if !found {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Args = append([]string{name}, arguments...)
	os.Exit(cli.Run(command()))
}
