package ssh

import (
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// algorithms are what this client offers. Without the opt-in these are only the
// ones without known weaknesses.
func algorithms(legacy bool) ssh.Algorithms {
	a := ssh.SupportedAlgorithms()
	if !legacy {
		return a
	}
	old := ssh.InsecureAlgorithms()
	// The sound ones stay first: the first one that both sides know is used.
	a.KeyExchanges = append(a.KeyExchanges, old.KeyExchanges...)
	a.Ciphers = append(a.Ciphers, old.Ciphers...)
	a.MACs = append(a.MACs, old.MACs...)
	a.HostKeys = append(a.HostKeys, old.HostKeys...)
	a.PublicKeyAuths = append(a.PublicKeyAuths, old.PublicKeyAuths...)
	return a
}

// isCertificate says whether a host key algorithm shows a certificate.
func isCertificate(algorithm string) bool { return strings.Contains(algorithm, "-cert-v01@") }

// keyType is the type of key that a host key algorithm signs with: an RSA key
// has three.
func keyType(algorithm string) string {
	switch algorithm {
	case ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512:
		return ssh.KeyAlgoRSA
	default:
		return algorithm
	}
}

// plain leaves out the algorithms that show a certificate.
func plain(algorithms []string) []string {
	return slices.DeleteFunc(slices.Clone(algorithms), isCertificate)
}

// ofTypes keeps the algorithms that show a plain key of one of the types.
func ofTypes(algorithms, types []string) []string {
	return slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return !slices.Contains(types, keyType(a)) })
}

// notOfTypes leaves out the algorithms that show a key of one of the types.
func notOfTypes(algorithms, types []string) []string {
	return slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return slices.Contains(types, keyType(a)) })
}
