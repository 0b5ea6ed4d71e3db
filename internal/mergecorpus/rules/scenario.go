package rules

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// Find finds the rule for every difference of a scenario, step by step. binpkgs holds the
// package directories.
func Find(ctx context.Context, binpkgs string, s *mergecorpus.Scenario, out *mergecorpus.Outcome) ([]Verdict, error) {
	list := judgeStepZero(out)
	var earlier []Verdict
	before, err := s.Recorded(0)
	if err != nil {
		return nil, err
	}
	step := Step{WantBefore: before, WantLast: before, GotBefore: out.States[0], Image: images(ctx, filepath.Join(binpkgs, s.PkgDir))}
	for k := 1; k < len(out.States); k++ {
		step.K, step.Op, step.Got = k, &s.Ops[k-1], out.States[k]
		step.Features = s.Environment(step.Op)["FEATURES"]
		if step.Want, err = s.Recorded(k); err != nil {
			return nil, err
		}
		if step.Op.Kill != "" {
			if step.BeforeKill == nil {
				step.BeforeKill = step.WantBefore
			}
			step.WantBefore = step.Want
			continue
		}
		step.Differences = of(out.Differences, k)
		earlier = judge(&step, earlier)
		list = append(list, earlier...)
		step.WantBefore, step.WantLast, step.GotBefore = step.Want, step.Want, step.Got
	}
	return list, nil
}

// judgeStepZero: no rule is about what was there at the beginning.
func judgeStepZero(out *mergecorpus.Outcome) []Verdict {
	var list []Verdict
	for _, d := range of(out.Differences, 0) {
		list = append(list, Verdict{Difference: d})
	}
	return list
}

func of(all []mergecorpus.Difference, k int) []mergecorpus.Difference {
	var out []mergecorpus.Difference
	for _, d := range all {
		if d.Step == k {
			out = append(out, d)
		}
	}
	return out
}

// images reads package files of a directory of packages.
func images(ctx context.Context, pkgdir string) func(string) []ImageFile {
	known := map[string][]ImageFile{}
	return func(cpv string) []ImageFile {
		if list, ok := known[cpv]; ok {
			return list
		}
		known[cpv] = find(ctx, pkgdir, cpv)
		return known[cpv]
	}
}

// find reads the only package file of a version; nil if there is none that can be read.
func find(ctx context.Context, pkgdir, cpv string) []ImageFile {
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(pkgdir, c.Category, c.Package, c.PF()+"-*"))
	if err != nil || len(files) != 1 {
		return nil
	}
	lines, err := imageOf(ctx, files[0])
	if err != nil {
		return nil
	}
	return lines
}

// imageOf is a package's image.
func imageOf(ctx context.Context, file string) (_ []ImageFile, err error) {
	v, err := binpkg.OpenVerified(ctx, file, binpkg.VerifyOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	img, err := v.Image(binpkg.ImageOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, img.Close()) }()
	var out []ImageFile
	sums := map[string]string{}
	for {
		e, err := img.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if e.Name == "." {
			continue
		}
		l := ImageFile{mergecorpus.ContentsLine{Path: "/" + strings.TrimPrefix(e.Name, "/")}, fmt.Sprintf("%04o", e.Mode)}
		switch e.Type {
		case binpkg.Regular:
			h := md5.New()
			if _, err := io.Copy(h, img); err != nil {
				return nil, err
			}
			l.Type, l.MD5 = "obj", hex.EncodeToString(h.Sum(nil))
			sums[e.Name] = l.MD5
		case binpkg.Hardlink:
			l.Type, l.MD5 = "obj", sums[e.Linkname]
		case binpkg.Symlink:
			l.Type, l.Target = "sym", &e.Linkname
		case binpkg.Directory:
			l.Type = "dir"
		case binpkg.FIFO:
			l.Type = "fif"
		default:
			l.Type = "dev"
		}
		out = append(out, l)
	}
}
