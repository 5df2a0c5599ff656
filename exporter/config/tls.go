package config

import "crypto/x509"

// TLS is how an https address is verified.
type TLS struct {
	CAFile             string `yaml:"ca_file" path:"true"`
	ServerName         string `yaml:"server_name"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
}

// maxCA bounds a file of certificate authorities; a system's whole bundle is
// well below.
const maxCA = 4 << 20

// authorities reads the certificates of a ca_file.
func (d *decoder) authorities(at place, path string) string {
	text, ok := d.smallFile(at, path, maxCA)
	if ok && !x509.NewCertPool().AppendCertsFromPEM([]byte(text)) {
		d.fail(at, "%s holds no certificate: name a file in PEM format", path)
	}
	return text
}
