package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A certificate with its key, both in PEM files: NAME.crt and NAME.key below the cluster's pki folder.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	crt, pem    []byte
}

// The installation's authority, and the folder that it writes to.
type authority struct {
	identity
	folder string
}

func newAuthority(folder string) (*authority, error) {
	made, err := issue(nil, pkix.Name{CommonName: "penstock-cluster"}, nil)
	if err != nil {
		return nil, err
	}
	a := &authority{identity: *made, folder: folder}
	return a, a.write("ca", made)
}

// loadAuthority reads what newAuthority wrote, for a node that joins later.
func loadAuthority(folder string) (*authority, error) {
	crt, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "ca.key"))
	if err != nil {
		return nil, err
	}
	crtBlock, _ := pem.Decode(crt)
	keyBlock, _ := pem.Decode(text)
	if crtBlock == nil || keyBlock == nil {
		return nil, fmt.Errorf("%s/ca.crt or ca.key is not PEM", folder)
	}
	certificate, err := x509.ParseCertificate(crtBlock.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	return &authority{identity: identity{certificate, key, crt, text}, folder: folder}, nil
}

func (a *authority) file(name string) string { return filepath.Join(a.folder, name) }

func (a *authority) write(name string, made *identity) error {
	if err := os.WriteFile(a.file(name+".crt"), made.crt, 0o600); err != nil {
		return err
	}
	return os.WriteFile(a.file(name+".key"), made.pem, 0o600)
}

// issue signs a certificate for client and server use and writes it as NAME.crt and NAME.key.
func (a *authority) issue(name string, subject pkix.Name, hosts ...string) (*identity, error) {
	made, err := issue(&a.identity, subject, hosts)
	if err != nil {
		return nil, err
	}
	return made, a.write(name, made)
}

// Signs by `signer`; without one the certificate is an authority, signed by itself.
func issue(signer *identity, subject pkix.Name, hosts []string) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	parent, signingKey := template, crypto.Signer(key)
	if signer == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature, nil
	} else {
		parent, signingKey = signer.certificate, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signingKey)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyBytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &identity{certificate, key,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyBytes})}, nil
}

const kubeconfigFrame = `apiVersion: v1
kind: Config
clusters:
- name: penstock
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: penstock
  user:
    %s
contexts:
- name: penstock
  context: {cluster: penstock, user: penstock}
current-context: penstock
`

func (a *authority) kubeconfig(server, user string) []byte {
	return []byte(fmt.Sprintf(kubeconfigFrame, server, base64.StdEncoding.EncodeToString(a.crt), user))
}

// componentKubeconfig issues a certificate for the subject and writes a kubeconfig that speaks with it; its path.
func (a *authority) componentKubeconfig(server, name string, subject pkix.Name) (string, error) {
	if _, err := a.issue(name, subject); err != nil {
		return "", err
	}
	path := a.file(name + ".kubeconfig")
	user := fmt.Sprintf("client-certificate: %s\n    client-key: %s", a.file(name+".crt"), a.file(name+".key"))
	return path, os.WriteFile(path, a.kubeconfig(server, user), 0o600)
}
