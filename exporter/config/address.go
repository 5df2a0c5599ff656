package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var hostRule = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// isHTTPS tells the two kinds of addresses apart: a platform API is written as
// a URL, a host to log in to is not.
func isHTTPS(address string) bool { return strings.HasPrefix(strings.ToLower(address), "https://") }

// checkAddress says what is wrong with an address, "" when nothing is. An
// address is not shown when a login may be part of it.
func checkAddress(address string) string {
	switch {
	case strings.Contains(address, "@"):
		return "must not hold a user or password: name a credential instead, and leave everything up to the @ out"
	case isHTTPS(address):
		u, err := url.Parse(address)
		if err != nil || u.Hostname() == "" || !goodHost(u.Hostname()) || (u.Port() != "" && !goodPort(u.Port())) || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return quote(address) + " is not a usable URL: write https://host:port"
		}
		return ""
	case strings.HasPrefix(strings.ToLower(address), "http://"):
		return quote(address) + " would send the password unencrypted: use https://"
	case strings.Contains(address, "://"):
		return quote(address) + " has a scheme that is not known here: write host, host:port or https://host:port"
	case goodHost(address):
		return ""
	}
	host, port, err := net.SplitHostPort(address)
	switch {
	case err != nil || !goodHost(host):
		return quote(address) + " is not an address: write host or host:port, an IPv6 address with a port as [::1]:22"
	case !goodPort(port):
		return quote(address) + " has no usable port: a port is a number from 1 to 65535"
	}
	return ""
}

// asURL is the URL that somebody meant who wrote a host.
func asURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "8080"
	}
	return "https://" + net.JoinHostPort(host, port)
}

func goodHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || (len(host) <= 253 && hostRule.MatchString(host))
}

func goodPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// hostPort is an SSH address with its port.
func hostPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(address, "22")
}
