<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

/**
 * Finds what the package scanners refuse in PHP code.
 */
final class CodeScanner
{
    /** @var list<string> */
    private array $problems = [];

    /** @var list<array{int|string, string}> tokens without blanks and comments, in lower case */
    private array $tokens = [];

    /**
     * @param bool $isPage whether text outside PHP is meant to be there
     *
     * @return list<string>
     */
    public static function scan(string $code, bool $isPage): array
    {
        $scanner = new self();
        $scanner->tokens = $scanner->tokenize($code, $isPage);
        foreach (array_keys($scanner->tokens) as $index) {
            $scanner->scanConstruct($index);
            $scanner->scanName($index);
            $scanner->scanVariable($index);
            $scanner->scanCall($index);
            $scanner->scanInclude($index);
        }

        return $scanner->problems;
    }

    /** @return list<array{int|string, string}> */
    private function tokenize(string $code, bool $isPage): array
    {
        $ignored = [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT];
        if ($isPage) {
            $ignored[] = T_INLINE_HTML;
        }
        $tokens = [];
        foreach (token_get_all($code) as $token) {
            $kind = is_array($token) ? $token[0] : $token;
            if (!in_array($kind, $ignored, true)) {
                $tokens[] = [$kind, strtolower(is_array($token) ? $token[1] : $token)];
            }
        }

        return $tokens;
    }

    private function scanConstruct(int $index): void
    {
        $refused = [T_ECHO, T_OPEN_TAG_WITH_ECHO, T_PRINT, T_EXIT, T_EVAL, T_HALT_COMPILER, T_INLINE_HTML, '`'];
        if (in_array($this->kind($index), $refused, true)) {
            $this->problems[] = 'construct ' . $this->text($index);
        }
    }

    /** Functions, methods and classes, and denied words where SuiteCRM takes them for functions. */
    private function scanName(int $index): void
    {
        $isQuoted = $this->kind($index) === T_CONSTANT_ENCAPSED_STRING;
        if (!$isQuoted && !in_array($this->kind($index), $this->nameKinds(), true)) {
            return;
        }
        $parts = explode('\\', trim($this->text($index), '\'"'));
        $name = end($parts);
        if ($this->isMember($index)) {
            if (DeniedNames::isMethod($name)) {
                $this->problems[] = 'method ' . $name;
            }
            return;
        }
        if (DeniedNames::isClass($name)) {
            $this->problems[] = 'class ' . $name;
        }
        $isUsed = in_array($this->text($index + 1), ['(', ']'], true) || $this->text($index - 1) === 'return';
        if ($isUsed && DeniedNames::isFunction($name)) {
            $this->problems[] = 'function ' . $name;
        }
    }

    /** Dynamic names, and the variable before a bracket that SuiteCRM takes for one. */
    private function scanVariable(int $index): void
    {
        if ($this->kind($index) !== T_VARIABLE) {
            return;
        }
        if (in_array($this->text($index + 1), ['(', ']', '::'], true)) {
            $this->problems[] = 'variable ' . $this->text($index) . $this->text($index + 1);
        }
        if (in_array($this->text($index - 1), ['new', '$', 'instanceof'], true)) {
            $this->problems[] = 'dynamic name ' . $this->text($index);
        }
    }

    /** Calls of what is not written down as a name: an expression, a string, an array, a name in braces. */
    private function scanCall(int $index): void
    {
        $before = $this->text($index - 1);
        $isString = $this->kind($index - 1) === T_CONSTANT_ENCAPSED_STRING;
        if ($this->text($index) === '(' && (in_array($before, [')', ']', 'new'], true) || $isString)) {
            $this->problems[] = 'call of an expression';
        }
        if (in_array($this->text($index), ['{', '${'], true) && ($this->isMember($index) || $before === '$')) {
            $this->problems[] = 'dynamic name in braces';
        }
        if ($this->kind($index) === T_DOLLAR_OPEN_CURLY_BRACES) {
            $this->problems[] = 'dynamic name in a string';
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

    private function isMember(int $index): bool
    {
        return in_array($this->text($index - 1), ['->', '?->', '::'], true);
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
