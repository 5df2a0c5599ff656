package ssh

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const defaultPort = "22"

// hostPort makes host:port of an address as it is written in a configuration:
// a name or an IP address, with or without a port, IPv6 with or without
// brackets.
func hostPort(address string) (string, error) {
	if _, err := netip.ParseAddr(address); err == nil {
		return net.JoinHostPort(address, defaultPort), nil
	}
	if inner, ok := strings.CutPrefix(address, "["); ok && strings.HasSuffix(inner, "]") {
		address += ":" + defaultPort
	}
	if !strings.Contains(address, ":") {
		address += ":" + defaultPort
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", address, err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("address %q: the port must be a number from 1 to 65535", address)
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n/@") {
		return "", fmt.Errorf("address %q: want host or host:port", address)
	}
	return net.JoinHostPort(host, port), nil
}
