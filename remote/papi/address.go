package papi

import (
	"fmt"
	"net"
	"net/url"
)

// defaultPort is where OneFS serves the platform API.
const defaultPort = "8080"

// baseURL is an address as scheme, host and port.
func baseURL(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "", fmt.Errorf("papi: the address is no URL: write https://host:%s", defaultPort)
	case u.User != nil:
		return "", fmt.Errorf("papi: the address of %s holds a login: name a credential instead", u.Hostname())
	case u.Scheme != "https" || u.Hostname() == "":
		return "", fmt.Errorf("papi: %q is not https://host:port", address)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("papi: %q has more than host and port: leave the rest out", address)
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	return "https://" + net.JoinHostPort(u.Hostname(), port), nil
}
