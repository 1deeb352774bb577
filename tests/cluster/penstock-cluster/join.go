package main

import (
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
)

// What a kubelet needs to know of its node. Several may share a machine: each has an address, a runtime and a cgroup of its own.
type node struct {
	name, address, runtime, cgroup string
	server                         string // the API server's URL
}

func runJoin(arguments []string) error {
	flags := flag.NewFlagSet("join", flag.ExitOnError)
	var n node
	flags.StringVar(&n.name, "node", "", "the node's name")
	flags.StringVar(&n.address, "address", "", "the node's address, which must be one of this machine")
	flags.StringVar(&n.runtime, "cri", "", "the container runtime's socket, a unix:// URI")
	flags.StringVar(&n.cgroup, "cgroup", "/", "the cgroup below which the node's Pods live; it must exist in each hierarchy")
	c, _, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if n.name == "" || n.address == "" || n.runtime == "" {
		return errors.New("--node, --address and --cri must be given")
	}
	api, err := c.administrator()
	if err != nil {
		return err
	}
	n.server = api.server
	ca, err := loadAuthority(c.file("pki"))
	if err != nil {
		return err
	}
	if err := c.startKubelet(ca, n); err != nil {
		return err
	}
	if err := c.startProxy(ca, n); err != nil {
		return err
	}
	return c.wait("node "+n.name, func() bool { return api.nodeIsReady(n.name) })
}

func (c *client) nodeIsReady(name string) bool {
	body, err := c.get("/api/v1/nodes/" + name)
	if err != nil {
		return false
	}
	var found struct {
		Status struct {
			Conditions []struct{ Type, Status string }
		}
	}
	if json.Unmarshal(body, &found) != nil {
		return false
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

func (c cluster) startKubelet(ca *authority, n node) error {
	name := "kubelet-" + n.name
	config, err := ca.componentKubeconfig(n.server, name,
		pkix.Name{CommonName: "system:node:" + n.name, Organization: []string{"system:nodes"}})
	if err != nil {
		return err
	}
	serving := name + "-serving"
	if _, err := ca.issue(serving, pkix.Name{CommonName: n.name}, n.name, n.address); err != nil {
		return err
	}
	ports, err := freePorts(n.address)
	if err != nil {
		return err
	}
	settings := fmt.Sprintf(kubeletSettings, ca.file("ca.crt"), ca.file(serving+".crt"), ca.file(serving+".key"),
		n.runtime, n.cgroup, c.file(n.name, "logs"), c.file(n.name, "plugins"), n.address, ports[0])
	if err := os.WriteFile(c.file(name+".yaml"), []byte(settings), 0o600); err != nil {
		return err
	}
	return c.add(name, 5, "kubelet", "--config="+c.file(name+".yaml"), "--kubeconfig="+config, "--hostname-override="+n.name,
		"--node-ip="+n.address, "--root-dir="+c.file(n.name, "kubelet"), "--cert-dir="+c.file("pki", name))
}

// startProxy starts one kube-proxy for the machine, with the first node: its rules hold for all of them.
func (c cluster) startProxy(ca *authority, n node) error {
	if _, err := c.recipe("kube-proxy"); err == nil {
		return nil
	}
	config, err := ca.componentKubeconfig(n.server, "kube-proxy", pkix.Name{CommonName: "system:kube-proxy"})
	if err != nil {
		return err
	}
	ports, err := freePorts("127.0.0.1", "127.0.0.1")
	if err != nil {
		return err
	}
	settings := fmt.Sprintf(proxySettings, config, n.name, podRange, ports[0], ports[1])
	if err := os.WriteFile(c.file("kube-proxy.yaml"), []byte(settings), 0o600); err != nil {
		return err
	}
	return c.add("kube-proxy", 6, "kube-proxy", "--config="+c.file("kube-proxy.yaml"))
}

// Statuses every 2 s, because tests wait for them; no image is pulled or collected, because there is no registry.
const kubeletSettings = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %q}}
authorization: {mode: Webhook}
tlsCertFile: %q
tlsPrivateKeyFile: %q
containerRuntimeEndpoint: %q
cgroupRoot: %q
podLogsDir: %q
volumePluginDir: %q
address: %s
port: %s
healthzPort: 0
failCgroupV1: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: [pods]
failSwapOn: false
clusterDomain: cluster.local
resolvConf: /etc/resolv.conf
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%, nodefs.inodesFree: 1%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 2s
syncFrequency: 10s
registryPullQPS: 0
eventRecordQPS: 50
kubeAPIQPS: 100
kubeAPIBurst: 200
`

// All is masqueraded, so that answers from a Pod beside the one that asks a Service come back through the host: a bridge alone would
// take them the short way, and not every kernel filters bridges.
const proxySettings = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: %q}
hostnameOverride: %q
clusterCIDR: %q
mode: iptables
iptables: {masqueradeAll: true}
healthzBindAddress: 127.0.0.1:%s
metricsBindAddress: 127.0.0.1:%s
conntrack: {maxPerCore: 0}
`
