package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/sign"
)

// verifiedPackage is one package in the JSON of verify.
type verifiedPackage struct {
	Path    string `json:"path"`
	CPV     string `json:"cpv"`
	BuildID int    `json:"buildId"`
	Entries int    `json:"entries"`
	Signer  string `json:"signer"` // "" unsigned, or not looked at
	Good    bool   `json:"good"`
	Reason  string `json:"reason"` // "" or one of docs/binpkg.md
	Error   string `json:"error"`
}

type verifiedPackages struct {
	Schema   int               `json:"schema"`
	Good     int               `json:"good"`
	Bad      int               `json:"bad"`
	Packages []verifiedPackage `json:"packages"`
}

// verifyPackages is `portsolve binpkg verify`.
func (inv *invocation) verifyPackages(c *cli.Context, w *words) error {
	if len(w.args) == 0 {
		return usagef("binpkg verify: expected package files or directories")
	}
	o, err := inv.verifyOptions(w)
	if err != nil {
		return err
	}
	out := &verifiedPackages{Schema: 1, Packages: []verifiedPackage{}}
	for _, path := range w.args {
		if err := inv.verifyOne(c, w, path, o, out); err != nil {
			return err
		}
	}
	if w.json {
		err = writeJSON(inv.stdout, out)
	} else {
		_, err = fmt.Fprintf(inv.stdout, "%d good, %d bad\n", out.Good, out.Bad)
	}
	if err == nil && out.Bad > 0 {
		err = errNoAnswer
	}
	return err
}

func (inv *invocation) verifyOne(c *cli.Context, w *words, path string, o binpkg.VerifyOptions, out *verifiedPackages) error {
	report := func(path string, v *binpkg.Verified, entries int, err error) error {
		p := verifiedPackage{Path: path, Entries: entries, Good: err == nil}
		if err != nil {
			p.Reason, p.Error = string(binpkg.ReasonOf(err)), err.Error()
			out.Bad++
		} else {
			p.CPV, p.BuildID = v.CPV.String(), v.BuildID
			if v.Signature != nil {
				p.Signer = v.Signature.String()
			}
			out.Good++
		}
		out.Packages = append(out.Packages, p)
		if w.json {
			return nil
		}
		return inv.verifiedText(&p)
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.IsDir() {
		return binpkg.CheckDir(c.Context, path, o, binpkg.ImageOptions{}, report)
	}
	v, entries, err := binpkg.CheckFile(c.Context, path, o, binpkg.ImageOptions{})
	if err != nil && binpkg.ReasonOf(err) == "" {
		return err
	}
	return report(path, v, entries, err)
}

func (inv *invocation) verifiedText(p *verifiedPackage) error {
	if !p.Good {
		_, err := fmt.Fprintf(inv.stdout, "bad   %s\n", printable(p.Error))
		return err
	}
	signer := ""
	if p.Signer != "" {
		signer = ", signed by " + p.Signer
	}
	_, err := fmt.Fprintf(inv.stdout, "good  %s: %s, %d entries%s\n", printable(p.Path), p.CPV, p.Entries, printable(signer))
	return err
}

// verifyOptions are policy and keys. Without a keyring only signed packages suffer.
func (inv *invocation) verifyOptions(w *words) (binpkg.VerifyOptions, error) {
	var o binpkg.VerifyOptions
	required, _ := w.on("--request-signature")
	ignored, _ := w.on("--ignore-signature")
	switch {
	case required && ignored:
		return o, usagef("binpkg verify: --request-signature and --ignore-signature exclude each other")
	case ignored:
		o.Signatures = binpkg.SignatureIgnored
		return o, nil
	case required:
		o.Signatures = binpkg.SignatureRequired
	}
	path, named := w.values["--keyring"]
	if !named {
		path = inv.env["BINPKG_GPG_VERIFY_GPG_HOME"]
		named = path != ""
	}
	if !named {
		path = sign.DefaultHome
	}
	keys, err := sign.Open(filepath.Clean(path))
	if !named && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, sign.ErrNoKeys)) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("keyring: %w", err)
	}
	for _, err := range keys.Skipped() {
		fmt.Fprintf(inv.stderr, "portsolve: keyring %s: %v\n", path, err)
	}
	o.Keys = keys
	return o, nil
}
