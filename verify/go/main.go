// Command verify checks NAIS receipts and a whole NAIS log without a line of the server's code: notes and trees are
// those of golang.org/x/mod/sumdb.
//
//	verify receipt -key VKEY -receipt FILE (-entry HEX | -record FILE)
//	verify log -key VKEY -from URL|FOLDER [-entries]
//
// VKEY is a verifier key or a file that holds one. Exit codes: 0 holds, 1 does not hold, 2 wrong usage.
//
// Build with Debian's golang-golang-x-mod-dev: GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify .
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const firstLine = "c2sp.org/tlog-proof@v1\n"

// kinds are the type bytes of entries.
var kinds = map[string]byte{"exchange": 1, "refusal": 2, "access": 3, "purge": 4, "consent-given": 5,
	"consent-ended": 6, "consent-withdrawn": 7, "erasure": 8, "operation": 9}

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	key := flags.String("key", "", "verifier key of the log, or a file that holds it")
	receipt := flags.String("receipt", "", "file with the receipt, as text or base64")
	entry := flags.String("entry", "", "public entry in hex")
	record := flags.String("record", "", "file with {\"record\":…,\"salt\":…}")
	from := flags.String("from", "", "address or folder of the log, the one that holds `checkpoint`")
	entries := flags.Bool("entries", false, "also hash every entry")
	flags.Parse(os.Args[2:])
	verifier, err := readKey(*key)
	if err != nil {
		fmt.Fprintln(os.Stderr, "key:", err)
		os.Exit(2)
	}
	switch {
	case os.Args[1] == "receipt" && *receipt != "" && (*entry != "") != (*record != ""):
		err = verifyReceipt(verifier, *receipt, *entry, *record)
	case os.Args[1] == "log" && *from != "":
		err = verifyLog(verifier, *from, *entries)
	default:
		usage()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "does not hold:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: verify receipt -key VKEY -receipt FILE (-entry HEX | -record FILE)\n"+
		"       verify log -key VKEY -from URL|FOLDER [-entries]")
	os.Exit(2)
}

func readKey(key string) (note.Verifier, error) {
	if content, err := os.ReadFile(key); err == nil {
		key = strings.TrimSpace(string(content))
	}
	return note.NewVerifier(key)
}

// checkpoint opens a signed checkpoint of the log.
func checkpoint(verifier note.Verifier, text []byte) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is not of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the checkpoint has no size")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func verifyReceipt(verifier note.Verifier, file, entryHex, recordFile string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(text), firstLine) {
		if text, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(text))); err != nil {
			return errors.New("the receipt is neither tlog-proof@v1 nor its base64")
		}
	}
	body := strings.TrimPrefix(string(text), firstLine)
	head, signed, found := strings.Cut(body, "\n\n")
	if len(body) == len(text) || !found {
		return errors.New("the receipt is not tlog-proof@v1")
	}
	lines := strings.Split(head, "\n")
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("the receipt has no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := checkpoint(verifier, []byte(signed))
	if err != nil {
		return err
	}
	var entry []byte
	if entryHex != "" {
		entry, err = hex.DecodeString(entryHex)
	} else {
		entry, err = commit(recordFile)
	}
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("receipt valid: entry %d of %d in %s\n", index, tree.N, verifier.Name())
	return nil
}

// commit computes the public entry of a private record.
func commit(file string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var private struct {
		Record map[string]interface{} `json:"record"`
		Salt   string                 `json:"salt"`
	}
	if err := json.Unmarshal(content, &private); err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(private.Salt)
	if err != nil || len(salt) != 32 {
		return nil, errors.New("the salt is not 32 bytes in hex")
	}
	name, _ := private.Record["type"].(string)
	kind, known := kinds[name]
	if !known {
		return nil, fmt.Errorf("the record's type %q is unknown", name)
	}
	var canonical strings.Builder
	if err := canonicalize(&canonical, private.Record); err != nil {
		return nil, err
	}
	hash := sha256.New()
	io.WriteString(hash, "nais-leaf-1")
	hash.Write(salt)
	io.WriteString(hash, canonical.String())
	return hash.Sum([]byte{1, kind}), nil
}

// canonicalize writes RFC 8785 for what records hold: objects, arrays and strings.
func canonicalize(out *strings.Builder, value interface{}) error {
	switch value := value.(type) {
	case string:
		quote(out, value)
	case []interface{}:
		out.WriteByte('[')
		for at, item := range value {
			if at > 0 {
				out.WriteByte(',')
			}
			if err := canonicalize(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	case map[string]interface{}:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		sort.Slice(names, func(a, b int) bool { return before(names[a], names[b]) })
		out.WriteByte('{')
		for at, name := range names {
			if at > 0 {
				out.WriteByte(',')
			}
			quote(out, name)
			out.WriteByte(':')
			if err := canonicalize(out, value[name]); err != nil {
				return err
			}
		}
		out.WriteByte('}')
	default:
		return fmt.Errorf("records hold no %T", value)
	}
	return nil
}

// before is the order of UTF-16 code units.
func before(a, b string) bool {
	left, right := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for at := 0; at < len(left) && at < len(right); at++ {
		if left[at] != right[at] {
			return left[at] < right[at]
		}
	}
	return len(left) < len(right)
}

func quote(out *strings.Builder, text string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	out.WriteByte('"')
	for _, c := range text {
		if escape, found := short[c]; found {
			out.WriteString(escape)
		} else if c < 0x20 {
			fmt.Fprintf(out, `\u%04x`, c)
		} else {
			out.WriteRune(c)
		}
	}
	out.WriteByte('"')
}

// place is where a log is read from.
type place string

func (p place) read(path string) ([]byte, error) {
	if !strings.Contains(string(p), "://") {
		return os.ReadFile(filepath.Join(string(p), filepath.FromSlash(path)))
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(strings.TrimSuffix(string(p), "/") + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 32<<20))
}

// Height, ReadTiles and SaveTiles make a place a tlog.TileReader.
func (p place) Height() int { return 8 }

func (p place) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := p.read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (p place) SaveTiles([]tlog.Tile, [][]byte) {}

// verifyLog checks that every leaf, by its tile and on demand by its entry, leads to the signed root.
func verifyLog(verifier note.Verifier, from string, entries bool) error {
	log := place(from)
	text, err := log.read("checkpoint")
	if err != nil {
		return err
	}
	tree, err := checkpoint(verifier, text)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, log)
	for first := int64(0); first < tree.N; first += 256 {
		width := tree.N - first
		if width > 256 {
			width = 256
		}
		indexes := make([]int64, width)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		if entries {
			if err := verifyBundle(log, first, leaves); err != nil {
				return err
			}
		}
	}
	fmt.Printf("log valid: %d entries in %s, root %v\n", tree.N, verifier.Name(), tree.Hash)
	return nil
}

func verifyBundle(log place, first int64, leaves []tlog.Hash) error {
	tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: len(leaves)}
	bundle, err := log.read(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
	if err != nil {
		return err
	}
	for at, leaf := range leaves {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return fmt.Errorf("the bundle of entry %d is short", first+int64(at))
		}
		length := 2 + int(binary.BigEndian.Uint16(bundle))
		if tlog.RecordHash(bundle[2:length]) != leaf {
			return fmt.Errorf("entry %d differs from its tile", first+int64(at))
		}
		bundle = bundle[length:]
	}
	return nil
}
