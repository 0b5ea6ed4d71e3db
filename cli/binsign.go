package cli

import (
	"bytes"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/pack"
	"github.com/portsolve/portsolve/binpkg/sign"
)

// signedPackages is the JSON of sign.
type signedPackages struct {
	Schema   int             `json:"schema"`
	Packages []signedPackage `json:"packages"`
}

type signedPackage struct {
	Path  string `json:"path"`
	CPV   string `json:"cpv"`
	Error string `json:"error"`
}

// signPackages is `portsolve binpkg sign`. What goes wrong with one package does
// not stop the others.
func (inv *invocation) signPackages(c *cli.Context, w *words) error {
	strip, _ := w.on("--strip")
	file := w.values["--sign-with"]
	switch {
	case len(w.args) == 0:
		return usagef("binpkg sign: expected package files")
	case strip == (file != ""):
		return usagef("binpkg sign: expected either --sign-with FILE or --strip")
	}
	var o pack.Options
	if !strip {
		var err error
		if o.Signer, err = readSigner(file, w.values["--key"], w.values["--passphrase-file"]); err != nil {
			return err
		}
	}
	out := signedPackages{Schema: 1, Packages: []signedPackage{}}
	failed := false
	for _, path := range w.args {
		p := signedPackage{Path: path}
		cpv, err := signPackage(c, path, o)
		if c.Context.Err() != nil {
			return c.Context.Err()
		}
		if err != nil {
			failed, p.Error = true, err.Error()
			fmt.Fprintln(inv.stderr, "portsolve:", printable(p.Error))
		} else if p.CPV = cpv; !w.json {
			what := "signed"
			if strip {
				what = "has no signature now"
			}
			fmt.Fprintf(inv.stdout, "%s: %s, %s\n", printable(path), cpv, what)
		}
		out.Packages = append(out.Packages, p)
	}
	if w.json {
		if err := writeJSON(inv.stdout, out); err != nil {
			return err
		}
	}
	if failed {
		return errNoAnswer
	}
	return nil
}

func signPackage(c *cli.Context, path string, o pack.Options) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	o.Mode = st.Mode().Perm()
	v, err := binpkg.OpenVerified(c.Context, path, binpkg.VerifyOptions{Signatures: binpkg.SignatureIgnored})
	if err != nil {
		return "", err
	}
	defer v.Close()
	_, err = pack.Sign(c.Context, v, path, o)
	return v.CPV.String(), err
}

// readSigner reads a secret key, and its passphrase from a file if there is one.
func readSigner(file, key, passphraseFile string) (*sign.Signer, error) {
	var passphrase []byte
	if passphraseFile != "" {
		data, err := os.ReadFile(passphraseFile)
		if err != nil {
			return nil, err
		}
		passphrase = bytes.TrimRight(data, "\r\n")
	}
	return sign.ReadSigner(file, key, passphrase)
}
