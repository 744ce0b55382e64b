<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

/**
 * Finds what the package scanners of SuiteCRM and of SugarCloud refuse in a file of the zip, as far as their rules are
 * public.
 */
final class PackageScanner
{
    /** Those that both platforms allow. */
    private const EXTENSIONS = ['png', 'gif', 'jpg', 'css', 'js', 'php', 'txt', 'html', 'htm', 'tpl', 'pdf', 'md5',
        'xml', 'hbs'];

    /** Files of the CRM's own, which no package may bring. */
    private const RESERVED = '#(^|/)(config|config_override)\.php$|(^|/)files\.md5$|(^|/)\.#i';

    /** Smarty's ways to run code or to read a file that is not a template. */
    private const SMARTY = '/\{\s*(php|include_php|eval|fetch|insert)\b/i';

    private const SCRIPT = [
        'code from text' => '/\beval\s*\(|\bnew\s+Function\s*\(|\bset(Timeout|Interval)\s*\(\s*[\'"]/',
        'written page' => '/\bdocument\.write(ln)?\s*\(/',
        'code from elsewhere' => '#<script[^>]+src\s*=\s*["\']?(https?:)?//|@import\s|url\(\s*["\']?(https?:)?//#i',
    ];

    /**
     * @param string $name the file's path in the zip
     *
     * @return list<string> what would be refused; empty when nothing would be
     */
    public static function scan(string $name, string $content): array
    {
        $type = strtolower(pathinfo($name, PATHINFO_EXTENSION));
        $problems = in_array($type, self::EXTENSIONS, true) ? [] : ['file type'];
        if (preg_match(self::RESERVED, $name) === 1 || preg_match('#^/|(^|/)\.\.(/|$)|\\\\#', $name) === 1) {
            $problems[] = 'file name';
        }
        if (stripos(str_ireplace('<?xml version', '', $content), '<?') === false) {
            $problems[] = 'no <? in it';
        }
        if (preg_match('/<\?(?!php\s|=|xml version|\s*$)/i', $content) === 1) {
            $problems[] = 'short opening tag';
        }

        return array_merge(
            $problems,
            CodeScanner::scan($content, $type !== 'php'),
            self::scanPage($type, $content)
        );
    }

    /** @return list<string> */
    private static function scanPage(string $type, string $content): array
    {
        $problems = [];
        if (in_array($type, ['tpl', 'hbs'], true) && preg_match(self::SMARTY, $content) === 1) {
            $problems[] = 'code in a template';
        }
        $isPage = in_array($type, ['js', 'css', 'html', 'htm', 'tpl', 'hbs'], true);
        foreach (self::SCRIPT as $what => $pattern) {
            if ($isPage && preg_match($pattern, $content) === 1) {
                $problems[] = $what;
            }
        }

        return $problems;
    }
}
