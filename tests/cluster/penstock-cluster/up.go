package main

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	serviceRange = "10.96.0.0/16"
	firstService = "10.96.0.1" // the Service "kubernetes"
	podRange     = "10.244.0.0/16"
	startLimit   = 2 * time.Minute // a loaded machine; an idle one takes seconds
)

// What the components of a control plane need to find and trust each other.
type plan struct {
	cluster
	authority          *authority
	address, advertise string   // where the API server listens, and what it tells Pods
	server             string   // its URL
	etcd, etcdPeer     string   // URLs
	ports              []string // of the API server, the controller-manager and the scheduler
	token              string   // the administrator's
}

func runUp(arguments []string) error {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	address := flags.String("address", "127.0.0.1", "where the API server listens; an address of a bridge when nodes shall join")
	c, _, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(c.names()) > 0 {
		return fmt.Errorf("%s holds a cluster already; `down` ends it, and a new one wants an empty directory", c.folder)
	}
	p, err := newPlan(c, *address)
	if err != nil {
		return err
	}
	if err := p.run(); err != nil {
		return errors.Join(err, c.stopAll())
	}
	return nil
}

func newPlan(c cluster, address string) (*plan, error) {
	if err := os.MkdirAll(c.file("pki"), 0o700); err != nil {
		return nil, err
	}
	ca, err := newAuthority(c.file("pki"))
	if err != nil {
		return nil, err
	}
	const local = "127.0.0.1"
	ports, err := freePorts(address, local, local, local, local)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	p := &plan{cluster: c, authority: ca, address: address, advertise: address, token: hex.EncodeToString(secret),
		server: "https://" + net.JoinHostPort(address, ports[0]),
		etcd:   "http://" + net.JoinHostPort(local, ports[3]), etcdPeer: "http://" + net.JoinHostPort(local, ports[4]),
		ports: ports[:3]}
	if net.ParseIP(address).IsLoopback() {
		p.advertise = "192.0.2.1" // it refuses to advertise loopback; without nodes nobody goes there
	}
	return p, nil
}

// run starts the components in order and returns when the cluster is usable.
func (p *plan) run() error {
	if err := p.add("etcd", 1, "etcd", "--data-dir="+p.file("etcd"), "--client-url="+p.etcd, "--peer-url="+p.etcdPeer); err != nil {
		return err
	}
	// An API server that meets a closed port backs off for a second.
	if err := p.wait("etcd", func() bool { return answers(p.etcd[len("http://"):]) }); err != nil {
		return err
	}
	if err := p.startAPIServer(); err != nil {
		return err
	}
	api := newClient(p.authority, p.server, p.token)
	if err := p.wait("the API server", func() bool { return api.finds("/readyz") }); err != nil {
		return err
	}
	if err := p.startControllers(); err != nil {
		return err
	}
	account := "/api/v1/namespaces/default/serviceaccounts/default"
	if err := p.wait("the controllers", func() bool { return api.finds(account) }); err != nil {
		return err
	}
	// Its appearance means: ready.
	user := "token: " + p.token
	if err := os.WriteFile(p.file("kubeconfig.new"), p.authority.kubeconfig(p.server, user), 0o600); err != nil {
		return err
	}
	return os.Rename(p.file("kubeconfig.new"), p.file("kubeconfig"))
}

func (p *plan) startAPIServer() error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	for name, subject := range map[string]pkix.Name{
		"service-accounts":         {CommonName: "service-accounts"},
		"front-proxy-client":       {CommonName: "front-proxy-client"},
		"apiserver-kubelet-client": {CommonName: "apiserver-kubelet-client", Organization: []string{"system:masters"}},
	} {
		if _, err := p.authority.issue(name, subject); err != nil {
			return err
		}
	}
	if _, err := p.authority.issue("apiserver", pkix.Name{CommonName: "kube-apiserver"}, "127.0.0.1", p.address, p.advertise,
		firstService, "localhost", host, "kubernetes", "kubernetes.default", "kubernetes.default.svc"); err != nil {
		return err
	}
	tokens := p.token + ",administrator,administrator,system:masters\n"
	if err := os.WriteFile(p.file("pki", "tokens.csv"), []byte(tokens), 0o600); err != nil {
		return err
	}
	pki := p.authority.file
	return p.add("kube-apiserver", 2, "kube-apiserver",
		"--etcd-servers="+p.etcd, "--bind-address="+p.address, "--advertise-address="+p.advertise, "--secure-port="+p.ports[0],
		"--cert-dir="+p.file("pki"), "--tls-cert-file="+pki("apiserver.crt"), "--tls-private-key-file="+pki("apiserver.key"),
		"--client-ca-file="+pki("ca.crt"), "--token-auth-file="+pki("tokens.csv"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--service-cluster-ip-range="+serviceRange,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+pki("service-accounts.key"), "--service-account-signing-key-file="+pki("service-accounts.key"),
		"--requestheader-client-ca-file="+pki("ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+pki("front-proxy-client.crt"), "--proxy-client-key-file="+pki("front-proxy-client.key"),
		"--kubelet-certificate-authority="+pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate="+pki("apiserver-kubelet-client.crt"), "--kubelet-client-key="+pki("apiserver-kubelet-client.key"),
		"--shutdown-delay-duration=0s", "--profiling=false")
}

func (p *plan) startControllers() error {
	pki := p.authority.file
	// What the controller-manager and the scheduler have in common. At their own 20 requests a second a cluster starts slowly.
	common := func(name, port string) ([]string, error) {
		config, err := p.authority.componentKubeconfig(p.server, name, pkix.Name{CommonName: "system:" + name})
		return []string{name, "--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
			"--bind-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + p.file("pki", name), "--leader-elect=false",
			"--kube-api-qps=500", "--kube-api-burst=1000", "--profiling=false"}, err
	}
	controllers, err := common("kube-controller-manager", p.ports[1])
	if err != nil {
		return err
	}
	controllers = append(controllers,
		"--service-account-private-key-file="+pki("service-accounts.key"), "--root-ca-file="+pki("ca.crt"),
		"--use-service-account-credentials=true",
		"--cluster-signing-cert-file="+pki("ca.crt"), "--cluster-signing-key-file="+pki("ca.key"),
		"--horizontal-pod-autoscaler-sync-period=2s", "--node-monitor-period=2s", "--node-monitor-grace-period=16s")
	if err := p.add("kube-controller-manager", 3, controllers...); err != nil {
		return err
	}
	scheduler, err := common("kube-scheduler", p.ports[2])
	if err != nil {
		return err
	}
	return p.add("kube-scheduler", 4, scheduler...)
}

// wait asks until the answer is true, and gives up early when a component has ended.
func (c cluster) wait(what string, ask func() bool) error {
	return waitFor(what, startLimit, func() (bool, error) {
		if ask() {
			return true, nil
		}
		return false, c.mustLive()
	})
}

func answers(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// freePorts are different from each other: all are held until all are chosen.
func freePorts(addresses ...string) ([]string, error) {
	var ports []string
	for _, address := range addresses {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
