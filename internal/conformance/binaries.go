package main

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

const (
	pkgDir      = "pkgdir"
	binrepoDir  = "var/binrepos"
	binrepoTime = 1000000000 // modification time of every file of a binary host
)

// writeBinaries lays out PKGDIR, without an index, so that the files themselves
// are read, and the binary hosts, which are known by their index alone.
func (p *playground) writeBinaries(w *writer, s *scenario) {
	w.mkdir(pkgDir)
	for _, b := range s.Fixture.Binpkgs {
		p.writeBinary(w, pkgDir, s.BinpkgFormat, b)
	}
	for _, host := range s.Fixture.Binrepos {
		dir := filepath.Join(binrepoDir, host.Name)
		var index strings.Builder
		fmt.Fprintf(&index, "PACKAGES: %d\nTIMESTAMP: %d\nVERSION: 0\n\n", len(host.Binpkgs), binrepoTime)
		for _, b := range host.Binpkgs {
			meta, path, data := p.writeBinary(w, dir, s.BinpkgFormat, b)
			if w.err == nil {
				modified := time.Unix(binrepoTime, 0)
				w.fail(os.Chtimes(w.path(filepath.Join(dir, path)), modified, modified))
			}
			writeIndexEntry(&index, meta, path, data)
		}
		w.write(filepath.Join(dir, "Packages"), index.String())
	}
}

// writeBinary writes one package file with an empty image.
func (p *playground) writeBinary(w *writer, dir, format string, b fixturePackage) (meta map[string]string, path string, data []byte) {
	category, pf, repo, err := b.split()
	if err != nil {
		w.fail(err)
		return nil, "", nil
	}
	meta = map[string]string{
		"SLOT": "0", "KEYWORDS": "x86", "BUILD_TIME": "0", "repository": repo, "CATEGORY": category, "PF": pf,
	}
	for _, m := range b.Metadata {
		meta[m.Key] = m.Value
	}
	path = filepath.Join(category, pf)
	multi := meta["BUILD_ID"] != ""
	if multi {
		path = filepath.Join(category, packageName(pf), pf+"-"+meta["BUILD_ID"])
	}
	switch {
	case format == "gpkg":
		data, err = gpkg(filepath.Base(path), meta)
		path += ".gpkg.tar"
	case multi:
		data = xpak(meta)
		path += ".xpak"
	default:
		data = xpak(meta)
		path += ".tbz2"
	}
	w.fail(err)
	w.write(filepath.Join(dir, path), string(data))
	return meta, path, data
}

// writeIndexEntry appends a package as a Packages index has it.
func writeIndexEntry(b *strings.Builder, meta map[string]string, path string, data []byte) {
	entry := map[string]string{}
	for key, value := range meta {
		if key != "CATEGORY" && key != "PF" && key != "repository" && !(key == "SLOT" && value == "0") {
			entry[key] = value
		}
	}
	entry["CPV"] = meta["CATEGORY"] + "/" + meta["PF"]
	entry["PATH"] = path
	entry["SIZE"] = fmt.Sprint(len(data))
	entry["MD5"] = fmt.Sprintf("%x", md5.Sum(data))
	entry["SHA1"] = fmt.Sprintf("%x", sha1.Sum(data))
	for _, key := range sortedKeys(entry) {
		if value := strings.Join(strings.Fields(entry[key]), " "); value != "" {
			fmt.Fprintf(b, "%s: %s\n", key, value)
		}
	}
	fmt.Fprintf(b, "MTIME: %d\nREPO: %s\n\n", binrepoTime, meta["repository"])
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// xpak is a package of the older format: an image (here an uncompressed tar
// without members), the metadata block and the trailer (xpak(5)).
func xpak(meta map[string]string) []byte {
	number := func(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
	var index, data strings.Builder
	for _, key := range sortedKeys(meta) {
		value := meta[key] + "\n"
		index.WriteString(number(len(key)) + key + number(data.Len()) + number(len(value)))
		data.WriteString(value)
	}
	block := "XPAKPACK" + number(index.Len()) + number(data.Len()) + index.String() + data.String() + "XPAKSTOP"
	return []byte(strings.Repeat("\x00", 10240) + block + number(len(block)) + "STOP")
}

// gpkg is a package of the newer format (GLEP 78), uncompressed and unsigned. Of
// the Manifest's two checksums only one is there: the resolver verifies none.
func gpkg(dir string, meta map[string]string) ([]byte, error) {
	var inner []tarFile
	for _, key := range sortedKeys(meta) {
		inner = append(inner, tarFile{"metadata/" + key, meta[key] + "\n"})
	}
	metadata, err := tarOf(inner)
	if err != nil {
		return nil, err
	}
	image, err := tarOf(nil)
	if err != nil {
		return nil, err
	}
	members := []tarFile{{"gpkg-1", ""}, {"metadata.tar", metadata}, {"image.tar", image}}
	manifest := ""
	for i := range members {
		manifest += fmt.Sprintf("DATA %s %d SHA512 %x\n", members[i].name, len(members[i].data), sha512.Sum512([]byte(members[i].data)))
	}
	members = append(members, tarFile{"Manifest", manifest})
	for i := range members {
		members[i].name = dir + "/" + members[i].name
	}
	all, err := tarOf(members)
	return []byte(all), err
}

type tarFile struct{ name, data string }

func tarOf(files []tarFile) (string, error) {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return "", err
		}
		if _, err := t.Write([]byte(f.data)); err != nil {
			return "", err
		}
	}
	err := t.Close()
	return b.String(), err
}

// binreposConf is the file before the test's own lines.
func binreposConf(hosts []fixtureBinrepo) string {
	var b strings.Builder
	b.WriteString("[DEFAULT]\nfrozen = yes\n")
	for _, h := range hosts {
		fmt.Fprintf(&b, "[%s]\nsync-uri = /%s/%s\n", h.Name, binrepoDir, h.Name)
	}
	return b.String()
}
