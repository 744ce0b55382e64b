<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

/**
 * Finds what the package scanners of SuiteCRM and of SugarCloud refuse, as far as their rules are public.
 *
 * @link https://support.sugarcrm.com/documentation/sugar_developer/ "Module Loader Restrictions"
 */
final class PackageScanner
{
    /** Those that both platforms allow. */
    private const EXTENSIONS = ['png', 'gif', 'jpg', 'css', 'js', 'php', 'txt', 'html', 'htm', 'tpl', 'pdf', 'md5',
        'xml', 'hbs'];

    /** Whole families by pattern: of most of them every member is denied, and we need none. */
    private const FUNCTIONS = [
        '/^(array_(map|filter|reduce|walk|walk_recursive)|array_u?(diff|intersect)_u\w+|array_u\w+|u[ak]?sort)$/',
        '/^(call_user_func|forward_static_call)(_array)?$|^create_function$|^is_callable$|^iterator_apply$/',
        '/^(set_(error|exception)_handler|register_(shutdown|tick)_function|spl_autoload_register|ob_start)$/',
        '/^(preg_replace_callback\w*|header_register_callback|session_set_save_handler|simplexml_load_\w+)$/',
        '/^(eval|assert|exec|system|shell_exec|passthru|popen|pclose|proc_\w+|escapeshell\w+|pcntl_\w+)$/',
        '/^(file|file_\w+|file(size|type|atime|mtime|ctime|perms|owner|group|inode)|f(open|close|read|write)|fopen)$/',
        '/^(f(eof|flush|gets?|getc|getcsv|getss|lock|nmatch|passthru|putcsv|puts|scanf|seek|stat|tell|truncate))$/',
        '/^(flock|fnmatch|is_(dir|file|link|readable|writable|writeable|executable|uploaded_file)|readfile|glob)$/',
        '/^(open|read|rewind|close)dir$|^(readlink|realpath\w*|pathinfo|parse_ini_\w+|tmpfile|tempnam|touch|umask)$/',
        '/^(chdir|chmod|chgrp|chown|chroot|copy|copy_recursive|link|linkinfo|l?stat|lch\w+|mkdir\w*|rmdir\w*)$/',
        '/^(rename|symlink|unlink|unzip\w*|move_uploaded_file|getimagesize|disk\w+|clearstatcache|set_file_buffer)$/',
        '/^(sugar_(file_put\w+|fopen|mkdir|rename|touch|ch\w+)|write_(array_to|encoded)_file|mk_temp_dir)$/',
        '/^(create_(cache|custom)_directory|ini_set|set_time_limit|phpinfo|error_log|dir|get|open|consume|construct)$/',
        '/^(addserver|addfunction|eio_\w+|xml_set_\w+|sqlite_create_\w+|readline_\w+|curl_\w+|socket_\w+|stream_\w+)$/',
    ];

    private const CLASSES = '/^(reflect\w+|lua|ziparchive|pclzip|splfile\w+|pdo\w*|sugarautoloader|sugarmin\w*)$/';

    private const METHODS = ['setlevel'];

    /** @var list<string> */
    private array $problems = [];

    /** @var list<array{int|string, string}> tokens without blanks and comments */
    private array $tokens = [];

    /**
     * @return list<string> what would be refused; empty when nothing would be
     */
    public static function scan(string $name, string $content): array
    {
        $scanner = new self();
        $scanner->scanFile($name, $content);

        return $scanner->problems;
    }

    private function scanFile(string $name, string $content): void
    {
        if (!in_array(strtolower(pathinfo($name, PATHINFO_EXTENSION)), self::EXTENSIONS, true)) {
            $this->problems[] = 'file type';
        }
        if (strpos($content, '<?') === false) {
            $this->problems[] = 'no <? in it';
        }
        $this->tokens = $this->tokenize($content);
        foreach (array_keys($this->tokens) as $index) {
            $this->scanConstruct($index);
            $this->scanName($index);
            $this->scanVariable($index);
            $this->scanInclude($index);
        }
    }

    /** @return list<array{int|string, string}> */
    private function tokenize(string $content): array
    {
        $tokens = [];
        foreach (token_get_all($content) as $token) {
            $kind = is_array($token) ? $token[0] : $token;
            if (!in_array($kind, [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true)) {
                $tokens[] = [$kind, strtolower(is_array($token) ? $token[1] : $token)];
            }
        }

        return $tokens;
    }

    private function scanConstruct(int $index): void
    {
        if (in_array($this->kind($index), [T_ECHO, T_PRINT, T_EXIT, T_EVAL, T_INLINE_HTML, '`'], true)) {
            $this->problems[] = 'construct ' . $this->text($index);
        }
    }

    /** Functions, methods and classes, and denied words where SuiteCRM takes them for functions. */
    private function scanName(int $index): void
    {
        $quoted = $this->kind($index) === T_CONSTANT_ENCAPSED_STRING;
        if (!$quoted && !in_array($this->kind($index), $this->nameKinds(), true)) {
            return;
        }
        $parts = explode('\\', trim($this->text($index), '\'"'));
        $name = end($parts);
        $isMember = in_array($this->text($index - 1), ['->', '::'], true);
        if (preg_match(self::CLASSES, $name) === 1 && !$isMember) {
            $this->problems[] = 'class ' . $name;
        }
        if ($isMember && in_array($name, self::METHODS, true)) {
            $this->problems[] = 'method ' . $name;
        }
        $used = in_array($this->text($index + 1), ['(', ']'], true) || $this->text($index - 1) === 'return';
        if ($used && !$isMember && $this->isDenied($name)) {
            $this->problems[] = 'function ' . $name;
        }
    }

    /** Dynamic names, and the variable index that SuiteCRM takes for one. */
    private function scanVariable(int $index): void
    {
        if ($this->kind($index) !== T_VARIABLE) {
            return;
        }
        if (in_array($this->text($index + 1), ['(', ']', '::'], true)) {
            $this->problems[] = 'variable ' . $this->text($index) . $this->text($index + 1);
        }
        if (in_array($this->text($index - 1), ['new', '::$', '$'], true)) {
            $this->problems[] = 'dynamic name ' . $this->text($index);
        }
    }

    private function scanInclude(int $index): void
    {
        $includes = [T_INCLUDE, T_INCLUDE_ONCE, T_REQUIRE, T_REQUIRE_ONCE];
        if (!in_array($this->kind($index), $includes, true)) {
            return;
        }
        $path = trim($this->text($index + 1), '\'"');
        $isLiteral = $this->kind($index + 1) === T_CONSTANT_ENCAPSED_STRING && $this->text($index + 2) === ';';
        if (!$isLiteral || preg_match('#^(?!/)(?!.*\.\.)[\w./]+\.php$#', $path) !== 1) {
            $this->problems[] = 'include ' . $path;
        }
    }

    private function isDenied(string $name): bool
    {
        foreach (self::FUNCTIONS as $pattern) {
            if (preg_match($pattern, $name) === 1) {
                return true;
            }
        }

        return false;
    }

    /** @return list<int> PHP 8 has qualified names in one token */
    private function nameKinds(): array
    {
        $kinds = [T_STRING];
        foreach (['T_NAME_QUALIFIED', 'T_NAME_FULLY_QUALIFIED', 'T_NAME_RELATIVE'] as $kind) {
            if (defined($kind)) {
                $kinds[] = constant($kind);
            }
        }

        return $kinds;
    }

    /** @return int|string */
    private function kind(int $index)
    {
        return $this->tokens[$index][0] ?? '';
    }

    private function text(int $index): string
    {
        return $this->tokens[$index][1] ?? '';
    }
}
