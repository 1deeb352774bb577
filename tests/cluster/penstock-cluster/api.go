package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"
)

// The API as the administrator sees it.
type client struct {
	http          *http.Client
	server, token string
}

func newClient(ca *authority, server, token string) *client {
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &client{&http.Client{Timeout: 5 * time.Second, Transport: transport}, server, token}
}

// get is the body of a 200, else an error.
func (c *client) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", c.server+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, answer.Status)
	}
	return body, err
}

func (c *client) finds(path string) bool {
	_, err := c.get(path)
	return err == nil
}

// administrator is a client of the cluster that is up, by its kubeconfig.
func (c cluster) administrator() (*client, error) {
	text, err := os.ReadFile(c.file("kubeconfig"))
	if err != nil {
		return nil, fmt.Errorf("is a cluster up in %s? %w", c.folder, err)
	}
	server := regexp.MustCompile(`server: (\S+)`).FindSubmatch(text)
	token := regexp.MustCompile(`token: (\S+)`).FindSubmatch(text)
	if server == nil || token == nil {
		return nil, fmt.Errorf("%s names no server or no token", c.file("kubeconfig"))
	}
	ca, err := loadAuthority(c.file("pki"))
	if err != nil {
		return nil, err
	}
	return newClient(ca, string(server[1]), string(token[1])), nil
}
